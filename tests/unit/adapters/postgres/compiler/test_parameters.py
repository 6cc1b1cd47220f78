from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from prismiq.adapters.postgres.parameters import Parameters
from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily as F


def bound(value: Any, data_type: str, family: F = F.OPAQUE) -> tuple[str, tuple[Any, ...]]:
    parameters = Parameters()
    sql = parameters.bind(Constant(value, data_type, family))
    return sql, parameters.values


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("smallint", 1),
        ("integer", 1),
        ("bigint", 1 << 62),
        ("numeric", Decimal("1.50")),
        ("real", 0.5),
        ("double precision", 0.1),
        ("text", "it's"),
        ("boolean", True),
        ("date", date(2024, 2, 29)),
        ("timestamp without time zone", datetime(2024, 2, 29)),  # noqa: DTZ001 - has no zone
        ("timestamp with time zone", datetime(2024, 2, 29, tzinfo=UTC)),
        ("uuid", UUID(int=1)),
        ("bytea", b"\x00\xff"),
    ],
)
def test_types_that_the_driver_knows_are_bound_as_they_are(data_type: str, value: Any) -> None:
    assert bound(value, data_type) == (f"CAST($1 AS {data_type})", (value,))
    assert bound((value,), f"{data_type}[]") == (f"CAST($1 AS {data_type}[])", ((value,),))


@pytest.mark.parametrize(
    ("data_type", "cast"), [("character varying", "text"), ("character", "bpchar")]
)
def test_types_of_limited_length_are_bound_without_the_limit(data_type: str, cast: str) -> None:
    assert bound("long text", data_type) == (f"CAST($1 AS {cast})", ("long text",))
    assert bound(("a",), f"{data_type}[]") == (f"CAST($1 AS {cast}[])", (("a",),))


@pytest.mark.parametrize(
    ("data_type", "value", "text"),
    [
        ("public.mood", "happy", "happy"),
        ('"My Schema"."Mood"', "happy", "happy"),
        ("inet", "10.0.0.1/8", "10.0.0.1/8"),
        ("interval", "P1D", "P1D"),
        ("name", "x", "x"),
        ('"char"', "x", "x"),
        ("time without time zone", time(12, 30, 0, 500), "12:30:00.000500"),
        ("time with time zone", time(12, 30, tzinfo=UTC), "12:30:00+00:00"),
    ],
)
def test_all_other_types_are_bound_as_text_and_cast(data_type: str, value: Any, text: str) -> None:
    assert bound(value, data_type) == (f"CAST(CAST($1 AS text) AS {data_type})", (text,))
    assert bound((value,), f"{data_type}[]") == (
        f"CAST(CAST($1 AS text[]) AS {data_type}[])",
        ((text,),),
    )


def test_numbers_follow_the_order_of_binding() -> None:
    parameters = Parameters()
    integer = Constant(7, "integer", F.INTEGER)
    assert parameters.bind(integer) == "CAST($1 AS integer)"
    assert parameters.bind_count(11) == "CAST($2 AS bigint)"
    assert parameters.bind_fraction(0.9) == "CAST($3 AS double precision)"
    assert parameters.bind(integer) == "CAST($4 AS integer)"
    assert parameters.values == (7, 11, 0.9, 7)


def test_equal_texts_share_a_number() -> None:
    parameters = Parameters()
    first = parameters.bind_text("Europe/Berlin")
    other = parameters.bind_text("Asia/Kolkata")
    assert parameters.bind_text("Europe/Berlin") == first == "CAST($1 AS text)"
    assert other == "CAST($2 AS text)"
    assert parameters.values == ("Europe/Berlin", "Asia/Kolkata")
