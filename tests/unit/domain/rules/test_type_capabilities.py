"""What can be done with values of each family."""

from typing import get_args

import pytest

from prismiq.domain.model.filters import FilterOperator
from prismiq.domain.model.query import Aggregation, TimeUnit
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.type_capabilities import (
    aggregations_for,
    can_truncate,
    has_equality,
    has_order,
    operators_for,
)

EVERY_FAMILY = pytest.mark.parametrize("family", TypeFamily)
UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)


@EVERY_FAMILY
def test_every_column_can_be_shown_counted_and_tested_for_null(family: TypeFamily) -> None:
    assert {"is_null", "is_not_null"} <= operators_for(family)
    assert {"none", "count"} <= aggregations_for(family, "any")


@EVERY_FAMILY
def test_values_are_compared_only_where_the_database_has_equality(family: TypeFamily) -> None:
    assert ("eq" in operators_for(family)) <= has_equality(family)
    assert ("gt" in operators_for(family)) <= has_order(family)
    assert ("count_distinct" in aggregations_for(family, "any")) == has_equality(family)


def test_every_operator_is_offered_to_some_family() -> None:
    offered = frozenset[FilterOperator]().union(*map(operators_for, TypeFamily))
    assert offered == set(get_args(FilterOperator))


def test_every_aggregation_is_offered_to_some_family() -> None:
    assert aggregations_for(TypeFamily.INTEGER, "integer") == set(get_args(Aggregation))


@pytest.mark.parametrize(
    "family", [TypeFamily.JSON, TypeFamily.JSONB, TypeFamily.ARRAY, TypeFamily.OPAQUE]
)
def test_documents_are_not_filtered_by_value(family: TypeFamily) -> None:
    assert operators_for(family) == {"is_null", "is_not_null"}


def test_jsonb_can_be_grouped_and_json_cannot() -> None:
    assert has_equality(TypeFamily.JSONB)
    assert not has_equality(TypeFamily.JSON)


@EVERY_FAMILY
def test_patterns_are_for_text_alone(family: TypeFamily) -> None:
    assert ("ilike" in operators_for(family)) == (family is TypeFamily.TEXT)


@EVERY_FAMILY
def test_windows_of_days_are_for_dates_and_timestamps(family: TypeFamily) -> None:
    has_days = family in {TypeFamily.DATE, TypeFamily.TIMESTAMP, TypeFamily.TIMESTAMPTZ}
    assert ("date_window" in operators_for(family)) == has_days
    assert can_truncate(family, "day") == has_days


def test_a_date_has_no_hours() -> None:
    refused = {unit for unit in UNITS if not can_truncate(TypeFamily.DATE, unit)}
    assert refused == {"minute", "hour"}


@pytest.mark.parametrize(
    ("family", "data_type", "has_extremes"),
    [
        (TypeFamily.NETWORK, "inet", True),
        (TypeFamily.NETWORK, "cidr", False),
        (TypeFamily.UUID, "uuid", False),
        (TypeFamily.BOOLEAN, "boolean", False),
        (TypeFamily.BYTEA, "bytea", False),
        (TypeFamily.ENUM, "public.mood", True),
        (TypeFamily.TIMETZ, "time with time zone", True),
    ],
)
def test_min_and_max_are_those_of_the_oldest_supported_postgresql(
    family: TypeFamily, data_type: str, *, has_extremes: bool
) -> None:
    assert ("min" in aggregations_for(family, data_type)) == has_extremes
    assert ("max" in aggregations_for(family, data_type)) == has_extremes


def test_lengths_of_time_are_added_but_have_no_deviation() -> None:
    offered = aggregations_for(TypeFamily.INTERVAL, "interval")
    assert {"sum", "avg", "median", "percentile"} <= offered
    assert not {"stddev", "variance"} & offered
