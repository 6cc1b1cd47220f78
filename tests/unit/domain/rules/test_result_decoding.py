"""From PostgreSQL's JSON to Python values."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.errors import QueryExecutionError
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, QueryResult, RowBatch
from prismiq.domain.rules.result_decoding import decode_result, decode_rows
from prismiq.domain.rules.type_families import family_of

TIMESTAMP = "timestamp without time zone"
TIMESTAMPTZ = "timestamp with time zone"
TIMETZ = "time with time zone"


def output(data_type: str, *, is_enum: bool = False) -> Output:
    family = family_of(data_type, is_enum=is_enum)
    return Output(data_type, Column(0, "c", data_type, family), data_type, family)


def decoded(written: str, data_type: str, *, beside: str | None = None) -> Any:
    """Decode one value, in a row with a null of the type ``beside`` if that is given."""
    if beside is None:
        return decode_rows(f"[[{written}]]".encode(), [output(data_type)])[0][0]
    return decode_rows(f"[[{written}, null]]".encode(), [output(data_type), output(beside)])[0][0]


@pytest.mark.parametrize("beside", [None, "numeric", "double precision"])
@pytest.mark.parametrize(
    ("data_type", "written", "value"),
    [
        ("integer", "5", 5),
        ("bigint", "-9223372036854775808", -(2**63)),
        ("numeric", "5", Decimal(5)),
        ("numeric", "1.50", Decimal("1.50")),
        ("numeric", '"Infinity"', Decimal("Infinity")),
        ("numeric", '"-Infinity"', Decimal("-Infinity")),
        ("double precision", "1", 1.0),
        ("double precision", "0.1", 0.1),
        ("double precision", "1e+22", 1e22),
        ("real", '"-Infinity"', -math.inf),
        ("text", '"5"', "5"),
        ("character varying", '"\\u00e4\\"\\\\ 🛫"', 'ä"\\ 🛫'),
        ("boolean", "true", True),
        ("date", '"2024-01-31"', date(2024, 1, 31)),
        ("date", '"0001-01-01"', date.min),
        ("date", '"infinity"', "infinity"),
        ("date", '"0044-03-15 BC"', "0044-03-15 BC"),
        ("date", '"10000-01-01"', "10000-01-01"),
        (TIMESTAMP, '"2024-01-31T09:30:00.25"', datetime.fromisoformat("2024-01-31T09:30:00.25")),
        (TIMESTAMP, '"0044-03-15T00:00:00 BC"', "0044-03-15T00:00:00 BC"),
        (TIMESTAMP, '"294276-12-31T23:59:59.999999"', "294276-12-31T23:59:59.999999"),
        (TIMESTAMPTZ, '"2024-01-31T09:30:00+00:00"', datetime(2024, 1, 31, 9, 30, tzinfo=UTC)),
        (TIMESTAMPTZ, '"-infinity"', "-infinity"),
        ("time without time zone", '"09:30:00.000001"', time(9, 30, 0, 1)),
        ("time without time zone", '"24:00:00"', "24:00:00"),
        (TIMETZ, '"09:30:00+02"', time(9, 30, tzinfo=timezone(timedelta(hours=2)))),
        (TIMETZ, '"09:30:00-03:30"', time(9, 30, tzinfo=timezone(timedelta(hours=-3.5)))),
        ("interval", '"P1Y2M3DT4H5M6.7S"', timedelta(days=428, hours=4, minutes=5, seconds=6.7)),
        ("interval", '"PT-1M"', timedelta(minutes=-1)),
        ("interval", '"P1DT-0.5S"', timedelta(days=1, seconds=-0.5)),
        ("interval", '"infinity"', "infinity"),
        ("interval", '"P178000000Y"', "P178000000Y"),
        ("uuid", '"12345678-1234-5678-1234-567812345678"', UUID("12345678" + "12345678" * 3)),
        ("bytea", '"\\\\x00ff"', b"\x00\xff"),
        ("bytea", '"\\\\x"', b""),
        ("inet", '"10.1.2.3"', "10.1.2.3"),
        ("money", '"$12.30"', "$12.30"),
        ("json", '{"a": [1, 1.50, {"b": null}]}', {"a": [1, 1.5, {"b": None}]}),
        ("jsonb", "1.5", 1.5),
        ("jsonb", "null", None),
        ("public.pair", '{"f1":1,"f2":2.50}', {"f1": 1, "f2": 2.5}),
        ("integer[]", "[1,null,3]", [1, None, 3]),
        ("integer[]", "[]", []),
        (
            "numeric[]",
            '[[1,2.50],[null,"NaN"]]',
            [[Decimal(1), Decimal("2.50")], [None, Decimal("NaN")]],
        ),
        ("date[]", '["2024-01-31","infinity",null]', [date(2024, 1, 31), "infinity", None]),
        ("double precision[]", "[[1],[2.5]]", [[1.0], [2.5]]),
        ("public.mood[]", '["sad"]', ["sad"]),
        ("jsonb[]", '[{"a":1.50},[2]]', [{"a": 1.5}, [2]]),
    ],
)
def test_values_are_decoded_by_type_whatever_is_beside_them(
    data_type: str, written: str, value: Any, beside: str | None
) -> None:
    assert repr(decoded(written, data_type, beside=beside)) == repr(value)


@pytest.mark.parametrize("data_type", ["numeric", "double precision"])
def test_nan_is_not_a_number_of_its_type(data_type: str) -> None:
    value = decoded('"NaN"', data_type)
    assert isinstance(value, Decimal if data_type == "numeric" else float)
    assert math.isnan(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20))
def test_numeric_keeps_every_digit(value: Decimal) -> None:
    assert repr(decoded(f"{value:f}", "numeric")) == repr(value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([None, "numeric"]))
def test_floats_come_back_bit_by_bit(value: float, beside: str | None) -> None:
    assert decoded(repr(value), "double precision", beside=beside) == value


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_is_what_the_parser_makes_of_it(value: Any) -> None:
    assert decoded(json.dumps(value), "jsonb", beside="numeric") == value


def test_integers_longer_than_python_likes_to_read_are_read() -> None:
    digits = "9" * 5_000
    assert decoded(digits, "numeric") == Decimal(digits)
    assert decoded(digits, "jsonb") == int(Decimal(digits))


def test_a_date_beyond_python_leaves_the_others_of_its_column_dates() -> None:
    rows = b'[["2024-01-31"], [null], ["infinity"], ["2024-02-01"]]'
    days = [row[0] for row in decode_rows(rows, [output("date")])]
    assert days == [date(2024, 1, 31), None, "infinity", date(2024, 2, 1)]


@pytest.mark.parametrize("beside", [None, "numeric"])
def test_json_beyond_the_depth_of_python_is_an_error_of_ours(beside: str | None) -> None:
    with pytest.raises(QueryExecutionError) as caught:
        decoded("[" * 100_000 + "]" * 100_000, "jsonb", beside=beside)
    assert (caught.value.code, caught.value.caused_by_query) == ("json_too_deep", True)


def test_an_enum_is_text() -> None:
    assert decode_rows(b'[["sad"]]', [output("public.mood", is_enum=True)]) == [["sad"]]


def test_an_answer_without_rows_still_has_its_columns() -> None:
    batch = RowBatch(b"[]", row_count=0, truncated=False)
    result = EncodedResult((output("date"), output("numeric")), batch, execution_time_ms=1.5)
    assert decode_result(result) == QueryResult(
        columns=["date", "numeric"],
        column_types=["date", "numeric"],
        rows=[],
        row_count=0,
        truncated=False,
        execution_time_ms=1.5,
    )
