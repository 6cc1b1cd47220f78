"""Result types; tests/integration compares all of them with a server's."""

import pytest

from prismiq.domain.model.query import Aggregation
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.aggregate_types import result_type
from prismiq.domain.rules.type_families import family_of


@pytest.mark.parametrize(
    ("aggregation", "data_type", "expected"),
    [
        ("none", "smallint", ("smallint", TypeFamily.INTEGER)),
        ("count", "json", ("bigint", TypeFamily.INTEGER)),
        ("sum", "smallint", ("bigint", TypeFamily.INTEGER)),
        ("sum", "integer", ("bigint", TypeFamily.INTEGER)),
        ("sum", "bigint", ("numeric", TypeFamily.NUMERIC)),
        ("sum", "real", ("real", TypeFamily.FLOAT)),
        ("avg", "integer", ("numeric", TypeFamily.NUMERIC)),
        ("avg", "real", ("double precision", TypeFamily.FLOAT)),
        ("avg", "interval", ("interval", TypeFamily.INTERVAL)),
        ("min", "character varying", ("text", TypeFamily.TEXT)),
        ("max", "public.citext", ("text", TypeFamily.TEXT)),
        ("max", "date", ("date", TypeFamily.DATE)),
        ("median", "integer", ("double precision", TypeFamily.FLOAT)),
        ("percentile", "interval", ("interval", TypeFamily.INTERVAL)),
        ("stddev", "bigint", ("numeric", TypeFamily.NUMERIC)),
        ("variance", "real", ("double precision", TypeFamily.FLOAT)),
    ],
)
def test_aggregates_have_the_type_that_the_database_gives_them(
    aggregation: Aggregation, data_type: str, expected: tuple[str, TypeFamily]
) -> None:
    assert result_type(aggregation, data_type, family_of(data_type)) == expected


def test_the_extremes_of_an_enum_are_of_the_enum() -> None:
    assert result_type("min", "public.mood", TypeFamily.ENUM) == ("public.mood", TypeFamily.ENUM)
