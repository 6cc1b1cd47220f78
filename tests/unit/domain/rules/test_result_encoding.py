"""HTTP bodies around rows that are JSON already."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.result_encoding import encode_result, encode_sample

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


def result_of(rows_json: str, *names: str) -> EncodedResult:
    column = Column(0, "c", "text", TypeFamily.TEXT)
    outputs = tuple(Output(name, column, "text", TypeFamily.TEXT) for name in names)
    batch = RowBatch(rows_json.encode(), row_count=2, truncated=True)
    return EncodedResult(outputs, batch, execution_time_ms=1.25)


def test_the_body_has_the_rows_as_they_were() -> None:
    rows = '[[1.10000000000000000001, "ä"],[null,  "NaN"]]'
    body = encode_result(result_of(rows, "a", "b"))
    assert f'"rows":{rows},'.encode() in body
    assert json.loads(body, parse_float=Decimal) == {
        "columns": ["a", "b"],
        "column_types": ["text", "text"],
        "rows": [[Decimal("1.10000000000000000001"), "ä"], [None, "NaN"]],
        "row_count": 2,
        "truncated": True,
        "execution_time_ms": Decimal("1.25"),
        "cached_at": None,
        "is_from_cache": False,
    }


def test_the_body_says_when_it_was_cached() -> None:
    body = json.loads(encode_result(result_of("[]"), cached_at=1_700_000_000.5, is_from_cache=True))
    assert (body["cached_at"], body["is_from_cache"]) == (1_700_000_000.5, True)


@given(st.text(st.characters(exclude_categories=())))
def test_any_column_name_makes_a_valid_body(name: str) -> None:
    assert json.loads(encode_result(result_of("[]", name)))["columns"] == [name]


@given(st.lists(JSON_VALUES), st.sampled_from([",", ", ", " ,\n"]))
def test_a_sample_is_the_flat_list_of_its_values(values: list[object], comma: str) -> None:
    rows = comma.join(json.dumps([value], ensure_ascii=False) for value in values)
    body = encode_sample(result_of(f"[{rows}]", "c"))
    assert json.loads(body) == {"values": values}


@pytest.mark.parametrize(
    "value",
    [
        "1.10000000000000000001",
        "1" * 5_000,
        '"],["',
        '"\\"],[\\""',
        '"\\\\"',
        "[[1],[2]]",
        '{"a": [1, {"]": "["}]}',
        "[" * 5_000 + "]" * 5_000,
    ],
    ids=lambda value: value[:20],
)
def test_sampled_values_are_not_rewritten(value: str) -> None:
    body = encode_sample(result_of(f"[[{value}],[null]]", "c"))
    assert body == f'{{"values":[{value},null]}}'.encode()
