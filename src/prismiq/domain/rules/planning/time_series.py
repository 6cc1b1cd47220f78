"""Step 9: time buckets and the filling of gaps between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from prismiq.domain.model.plan import (
    Aggregate,
    Column,
    Comparison,
    Conjunction,
    Constant,
    GapFilling,
    Output,
    Predicate,
    Range,
    Truncation,
)
from prismiq.domain.model.query import QueryDefinition, TimeSeriesConfig, TimeUnit
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.outputs import PlacedOutput
from prismiq.domain.rules.value_binding.binding import bind_value
from prismiq.domain.rules.value_binding.problem import ValueProblem

_NUMBERS = frozenset({TypeFamily.INTEGER, TypeFamily.NUMERIC, TypeFamily.FLOAT})
_SHORTEST: dict[TimeUnit, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=28),
    "quarter": timedelta(days=90),
    "year": timedelta(days=365),
}


def check_time_series(
    query: QueryDefinition, placed: Sequence[PlacedOutput], context: PlanningContext
) -> None:
    """Report what a time series lacks or cannot have."""
    series = query.time_series
    if series is None:
        return
    if all(selection.aggregation == "none" for selection in query.columns):
        context.report(
            "columns",
            "time_series_needs_aggregate",
            "A time series needs at least one aggregated column.",
            "Add a column with an aggregation, or use date_trunc on a plain column.",
        )
    if series.fill_missing and query.having:
        context.report(
            "time_series.fill_missing",
            "filling_with_having",
            "Filling gaps would bring back the groups that 'having' removes.",
            "Set fill_missing to false.",
        )
    buckets = [item.output.expression for item in placed if item.location == "time_series"]
    for item in placed:
        if item.location != "time_series" and item.output.expression in buckets:
            context.report(
                item.location,
                "bucket_selected_twice",
                "The bucket is the first column of the answer already.",
                "Leave this column out.",
            )
    shown_columns = [item.output.expression for item in placed]
    for index, group in enumerate(query.group_by if series.fill_missing else ()):
        column = context.known_column(group.table_id, group.column)
        if column is not None and column not in shown_columns:
            context.report(
                f"group_by[{index}]",
                "group_not_shown",
                "Gaps can be filled only for groups that are shown.",
                "Add the column to 'columns', or set fill_missing to false.",
            )


def plan_gap_filling(
    series: TimeSeriesConfig | None,
    outputs: Sequence[Output],
    predicates: Iterable[Predicate],
    context: PlanningContext,
) -> GapFilling | None:
    """Decide which buckets there must be, and what the added ones hold; None: no filling."""
    bucket = outputs[0].expression if outputs else None
    if series is None or not series.fill_missing or not isinstance(bucket, Truncation):
        return None
    bounds = _Bounds()
    for predicate in _conjuncts(predicates):
        bounds.narrow(predicate, bucket.column)
    _refuse_too_many_buckets(bounds, series.interval, context)
    return GapFilling(
        bounds.lower,
        bounds.upper,
        bounds.upper_included,
        tuple(_fill(output, series, context) for output in outputs),
    )


def _conjuncts(predicates: Iterable[Predicate]) -> Iterable[Predicate]:
    for predicate in predicates:
        if isinstance(predicate, Conjunction):
            yield from _conjuncts(predicate.members)
        else:
            yield predicate


@dataclass(slots=True)
class _Bounds:
    """The tightest range that conditions on the date column leave."""

    lower: Constant | None = None
    upper: Constant | None = None
    upper_included: bool = False

    def narrow(self, predicate: Predicate, column: Column) -> None:
        if isinstance(predicate, Range) and predicate.operand == column:
            self._raise_lower(predicate.lower)
            self._cut_upper(predicate.upper, included=predicate.upper_included)
        elif isinstance(predicate, Comparison) and predicate.operand == column:
            if predicate.operator in (">=", "="):
                self._raise_lower(predicate.value)
            if predicate.operator == ">":
                self._raise_lower(_next(predicate.value))
            if predicate.operator in ("<", "<=", "="):
                self._cut_upper(predicate.value, included=predicate.operator != "<")

    def _raise_lower(self, bound: Constant) -> None:
        if self.lower is None or bound.value > self.lower.value:
            self.lower = bound

    def _cut_upper(self, bound: Constant, *, included: bool) -> None:
        if self.upper is None or bound.value < self.upper.value:
            self.upper, self.upper_included = bound, included
        elif bound.value == self.upper.value:
            self.upper_included = self.upper_included and included


def _next(bound: Constant) -> Constant:
    """Return the first value after ``bound`` where it makes a difference: for whole days."""
    if bound.family is not TypeFamily.DATE or bound.value == date.max:
        return bound
    return replace(bound, value=bound.value + timedelta(days=1))


def _refuse_too_many_buckets(bounds: _Bounds, interval: TimeUnit, context: PlanningContext) -> None:
    if bounds.lower is None or bounds.upper is None:
        return
    start, end = bounds.lower.value, bounds.upper.value
    assert isinstance(start, (date, datetime)), "only dates are cut to buckets"  # noqa: S101
    count = (end - start) // _SHORTEST[interval]
    if count > context.limits.max_buckets:
        context.report(
            "time_series.interval",
            "too_many_buckets",
            f"The filters span about {count} buckets of one {interval}; at most"
            f" {context.limits.max_buckets} can be filled.",
            "Narrow the filters, choose a longer interval, or set fill_missing to false.",
        )


def _fill(output: Output, series: TimeSeriesConfig, context: PlanningContext) -> Constant | None:
    if not isinstance(output.expression, Aggregate) or output.family not in _NUMBERS:
        return None
    if series.fill_value is None:
        counts = output.expression.function in ("count", "count_distinct")
        return Constant(0, "bigint", TypeFamily.INTEGER) if counts else None
    try:
        return bind_value(
            series.fill_value,
            data_type=output.data_type,
            family=output.family,
            enum_values=None,
            limits=context.limits,
            timezone=context.scope.timezone,
        )
    except ValueProblem as problem:
        context.report(
            "time_series.fill_value",
            problem.code,
            f"For {shown(output.name)}: {problem.message}",
            problem.suggestion,
        )
        return None
