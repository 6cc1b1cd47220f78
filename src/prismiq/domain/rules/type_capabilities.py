"""What each family of types can do: compare, sort, aggregate, be cut to a unit of time."""

from typing import get_args

from prismiq.domain.model.filters import FilterOperator
from prismiq.domain.model.query import Aggregation, TimeUnit
from prismiq.domain.model.type_family import TypeFamily as F

_UNCOMPARABLE = frozenset({F.JSON, F.ARRAY, F.OPAQUE})
_ADDABLE = frozenset({F.INTEGER, F.NUMERIC, F.FLOAT, F.INTERVAL})
_NUMBERS = frozenset({F.INTEGER, F.NUMERIC, F.FLOAT})
_CALENDAR = frozenset({F.DATE, F.TIMESTAMP, F.TIMESTAMPTZ})
_WITHOUT_EXTREMES = frozenset({F.UUID, F.BYTEA, F.BOOLEAN, F.JSONB, F.NETWORK}) | _UNCOMPARABLE
"""PostgreSQL 13 has no min and max for these; inet alone of the network types has them."""

_NULL_TESTS: frozenset[FilterOperator] = frozenset({"is_null", "is_not_null"})
_EQUALITY: frozenset[FilterOperator] = frozenset({"eq", "neq", "in_", "not_in", "in_or_null"})
_ORDER: frozenset[FilterOperator] = frozenset({"gt", "gte", "lt", "lte", "between"})
_PATTERNS: frozenset[FilterOperator] = frozenset({"like", "ilike", "not_like", "not_ilike"})
_WINDOWS: frozenset[FilterOperator] = frozenset(
    {"date_relative", "not_date_relative", "date_window"}
)
_TIME_UNITS: frozenset[TimeUnit] = frozenset(get_args(TimeUnit))


def has_equality(family: F) -> bool:
    """Return whether values can be grouped, counted once each and joined."""
    return family not in _UNCOMPARABLE


def has_order(family: F) -> bool:
    """Return whether values can be sorted. PostgreSQL sorts whatever it can group here."""
    return family not in _UNCOMPARABLE


def operators_for(family: F) -> frozenset[FilterOperator]:
    """Return the filter operators that make sense for values of the family."""
    if family in _UNCOMPARABLE or family is F.JSONB:
        return _NULL_TESTS
    operators = _NULL_TESTS | _EQUALITY
    if family not in {F.BOOLEAN, F.BYTEA}:
        operators |= _ORDER
    if family is F.TEXT:
        operators |= _PATTERNS
    if family in _CALENDAR:
        operators |= _WINDOWS
    return operators


def aggregations_for(family: F, data_type: str) -> frozenset[Aggregation]:
    """Return the aggregations that every supported PostgreSQL has for the type."""
    aggregations: set[Aggregation] = {"none", "count"}
    if has_equality(family):
        aggregations.add("count_distinct")
    if family not in _WITHOUT_EXTREMES or data_type == "inet":
        aggregations |= {"min", "max"}
    if family in _ADDABLE:
        aggregations |= {"sum", "avg", "median", "percentile"}
    if family in _NUMBERS:
        aggregations |= {"stddev", "variance"}
    return frozenset(aggregations)


def can_truncate(family: F, unit: TimeUnit) -> bool:
    """Return whether ``date_trunc`` to the unit changes the value and keeps its type."""
    if family is F.DATE:
        return unit in _TIME_UNITS - {"minute", "hour"}
    return family in {F.TIMESTAMP, F.TIMESTAMPTZ}
