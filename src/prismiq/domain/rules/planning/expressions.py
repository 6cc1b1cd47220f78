"""What may be done with a column of a given type: cut to a unit, aggregate."""

from prismiq.domain.model.plan import Aggregate, Column, Expression, Truncation
from prismiq.domain.model.query import Aggregation, TimeUnit
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.type_capabilities import aggregations_for, can_truncate


def plan_truncation(
    column: Column,
    unit: TimeUnit,
    timezone: str | None,
    location: str,
    context: PlanningContext,
) -> Truncation | None:
    """Cut a date or time to its unit, or report that this column cannot be cut so."""
    if not can_truncate(column.family, unit):
        context.report(
            location,
            "cannot_truncate",
            f"{shown(column.name)} ({column.data_type}) cannot be cut to the {unit}.",
            "Choose a date or timestamp column; plain dates have no hours.",
        )
        return None
    has_zone = column.family is TypeFamily.TIMESTAMPTZ
    return Truncation(column, unit, (timezone or context.scope.timezone) if has_zone else None)


def plan_aggregate(
    function: Aggregation,
    operand: Column | Truncation,
    fraction: float | None,
    location: str,
    context: PlanningContext,
) -> Aggregate | None:
    """Check that the type can be aggregated so."""
    column = operand.column if isinstance(operand, Truncation) else operand
    allowed = aggregations_for(column.family, column.data_type)
    if function not in allowed:
        context.report(
            f"{location}.aggregation",
            "aggregation_not_supported",
            f"{shown(column.name)} ({column.data_type}) has no {function}.",
            f"Choose one of: {', '.join(sorted(allowed))}.",
        )
        return None
    if function != "percentile":
        refuse_fraction(fraction, location, context)
        return Aggregate(function, operand)
    if fraction is None or not 0 <= fraction <= 1:
        context.report(
            f"{location}.percentile",
            "percentile_out_of_range",
            "The aggregation 'percentile' needs 'percentile' between 0 and 1.",
            "Use 0.95 for the 95th percentile.",
        )
        return None
    return Aggregate(function, operand, fraction)


def refuse_fraction(fraction: float | None, location: str, context: PlanningContext) -> None:
    """Report a fraction where nothing takes one."""
    if fraction is not None:
        context.report(
            f"{location}.percentile",
            "percentile_not_expected",
            "'percentile' belongs to the aggregation 'percentile' only.",
        )


def column_behind(expression: Expression) -> Column | None:
    """Return the column an expression is made from; None for ``count(*)``."""
    if isinstance(expression, Aggregate):
        return None if expression.operand is None else column_behind(expression.operand)
    return expression.column if isinstance(expression, Truncation) else expression
