"""The way in: bind a scalar, a list or a pattern to a type."""

from collections.abc import Callable, Mapping
from typing import Any

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.type_families import array_of
from prismiq.domain.rules.value_binding import intervals, moments, numbers, scalars, texts
from prismiq.domain.rules.value_binding.problem import ValueProblem, wrong_type
from prismiq.domain.rules.value_binding.target import Target

_READERS: Mapping[TypeFamily, Callable[[Any, Target], Any]] = {
    TypeFamily.INTEGER: numbers.integer,
    TypeFamily.NUMERIC: numbers.exact,
    TypeFamily.FLOAT: numbers.floating,
    TypeFamily.TEXT: texts.text,
    TypeFamily.ENUM: texts.label,
    TypeFamily.BOOLEAN: scalars.boolean,
    TypeFamily.UUID: scalars.uuid,
    TypeFamily.NETWORK: scalars.network,
    TypeFamily.BYTEA: scalars.binary,
    TypeFamily.DATE: moments.day,
    TypeFamily.TIMESTAMP: moments.timestamp,
    TypeFamily.TIMESTAMPTZ: moments.timestamptz,
    TypeFamily.TIME: moments.time_of_day,
    TypeFamily.TIMETZ: moments.time_with_offset,
    TypeFamily.INTERVAL: intervals.interval,
}

_BOUND_AS = {"name": "text", '"char"': "text"}
"""A cast to one of these types would cut the value to its length, so it is compared as text."""


def bind_value(
    value: Any,
    *,
    data_type: str,
    family: TypeFamily,
    enum_values: tuple[str, ...] | None,
    limits: QueryLimits,
    timezone: str,
) -> Constant:
    """Return the constant that ``value`` means for a column of the type.

    The family must be one whose values filters may name. The constant's type is the column's,
    or one that compares the same and keeps the whole value.

    Raises:
        ValueProblem: the value does not fit.
    """
    target = Target(data_type, family, enum_values, timezone, limits)
    return Constant(_read(value, target), _BOUND_AS.get(data_type, data_type), family)


def bind_list(
    values: Any,
    *,
    data_type: str,
    family: TypeFamily,
    enum_values: tuple[str, ...] | None,
    limits: QueryLimits,
    timezone: str,
) -> Constant:
    """Return an array constant of all members, in their order.

    Raises:
        ValueProblem: it is no list, empty or too long, or a member does not fit.
    """
    if not isinstance(values, (list, tuple)):
        raise wrong_type("a list of values", values)
    if not values:
        raise ValueProblem("empty_list", "The list is empty: no row could be meant.")
    if len(values) > limits.max_list_length:
        raise ValueProblem(
            "list_too_long",
            f"The list has {len(values)} values, {limits.max_list_length} are allowed.",
        )
    target = Target(data_type, family, enum_values, timezone, limits)
    members = []
    for index, value in enumerate(values):
        try:
            members.append(_read(value, target))
        except ValueProblem as problem:
            raise problem.at(f"[{index}]") from None
    bound_as = array_of(_BOUND_AS.get(data_type, data_type))
    return Constant(tuple(members), bound_as, TypeFamily.ARRAY)


def bind_pattern(value: Any, *, limits: QueryLimits) -> Constant:
    """Return a LIKE pattern as text, whatever type of text the column has.

    Raises:
        ValueProblem: the value is no text or no pattern.
    """
    target = Target("text", TypeFamily.TEXT, None, "UTC", limits)
    if value is None:
        raise _null()
    return Constant(texts.pattern(value, target), "text", TypeFamily.TEXT)


def _read(value: Any, target: Target) -> Any:
    if value is None:
        raise _null()
    return _READERS[target.family](value, target)


def _null() -> ValueProblem:
    return ValueProblem(
        "null_value",
        "A comparison with null is never true.",
        "Use is_null or is_not_null, or in_or_null for a list.",
    )
