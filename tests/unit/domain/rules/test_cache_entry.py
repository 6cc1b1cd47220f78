import json
from decimal import Decimal
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.cache_entry import deflate, entry_of, inflate, result_of
from prismiq.domain.rules.cache_envelope import pack, unpack
from prismiq.domain.rules.result_decoding import decode_result

DIGITS = "12345678901234567890.10"


def output(name: str, data_type: str = "text", family: TypeFamily = TypeFamily.TEXT) -> Output:
    return Output(name, Column(0, "a", data_type, family), data_type, family)


def answer(names: tuple[str, ...] = ("a",), rows: bytes = b'[["x"]]') -> EncodedResult:
    outputs = tuple(output(name) for name in names)
    return EncodedResult(outputs, RowBatch(rows, len(json.loads(rows)), truncated=True), 12.5)


def entry(result: EncodedResult | None = None, **changes: Any) -> CacheEntry:
    details: dict[str, Any] = {
        "created_at": 1710504000.25,
        "soft_expiry": 1710504300.0,
        "hard_expiry": inf,
        "compute_seconds": 0.0125,
        "epoch": b"\x00epoch",
        "versions": {"public.b": b"\xff" * 16, "öffentlich.a": b""},
    }
    return entry_of(result or answer(), **(details | changes))


LARGE = entry(answer(rows=json.dumps([["x" * 50]] * 500).encode()))


def test_the_body_is_that_of_a_hit() -> None:
    body = json.loads(bytes(entry().stored))
    assert body == {
        "columns": ["a"],
        "column_types": ["text"],
        "rows": [["x"]],
        "row_count": 1,
        "truncated": True,
        "execution_time_ms": 12.5,
        "cached_at": 1710504000.25,
        "is_from_cache": True,
    }


def test_versions_are_in_the_order_of_their_names() -> None:
    assert entry().versions == (("public.b", b"\xff" * 16), ("öffentlich.a", b""))


@given(
    st.lists(st.text(), min_size=1).map(tuple) | st.just((',"rows":', '"rows":[', '\\","rows":')),
    st.recursive(
        st.none() | st.text() | st.integers() | st.just("rows"),
        lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    ).map(lambda value: json.dumps([[value]]).encode()),
)
def test_rows_are_found_whatever_columns_are_called(names: tuple[str, ...], rows: bytes) -> None:
    result = answer(names, rows)
    assert result_of(entry(result), result.outputs) == result


def test_values_of_python_callers_keep_type_and_digits() -> None:
    outputs = [output("n", "numeric", TypeFamily.NUMERIC)]
    result = EncodedResult(tuple(outputs), RowBatch(f"[[{DIGITS}]]".encode(), 1, False), 1.0)
    kept = unpack(pack(deflate(entry(result))))
    plain = inflate(kept) if kept else None
    assert plain
    assert decode_result(result_of(plain, outputs)).rows == [[Decimal(DIGITS)]]


def test_bodies_shrink_and_come_back() -> None:
    small = deflate(LARGE)
    assert small.is_compressed
    assert len(small.stored) < LARGE.body_size / 10
    assert deflate(small) is small
    assert inflate(small) == LARGE
    assert inflate(LARGE) is LARGE


@pytest.mark.parametrize("change", ["cut", "longer", "size", "nothing", "noise"])
def test_a_body_that_is_not_the_sealed_one_is_told(change: str) -> None:
    small = deflate(LARGE)
    changes: dict[str, dict[str, Any]] = {
        "cut": {"stored": small.stored[:-9]},
        "longer": {"stored": bytes(small.stored) + b"x"},
        "size": {"body_size": small.body_size - 1},
        "nothing": {"stored": b""},
        "noise": {"stored": b"\x1f\x8b\x08noise"},
    }
    assert inflate(small._replace(**changes[change])) is None
