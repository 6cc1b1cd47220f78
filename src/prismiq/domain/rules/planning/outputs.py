"""Step 3: the columns of the answer."""

from collections.abc import Iterable
from dataclasses import dataclass

from prismiq.domain.model.plan import Aggregate, Column, Output, Truncation
from prismiq.domain.model.query import (
    ColumnSelection,
    QueryDefinition,
    TimeSeriesConfig,
)
from prismiq.domain.model.scope import require_timezone
from prismiq.domain.model.storable_text import is_storable
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.aggregate_types import result_type
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.expressions import (
    plan_aggregate,
    plan_truncation,
    refuse_fraction,
)

_MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class PlacedOutput:
    """A result column, where the query asks for it, and the table it was asked of."""

    location: str
    source: int
    output: Output


def plan_outputs(query: QueryDefinition, context: PlanningContext) -> list[PlacedOutput]:
    """Resolve the bucket, then the selected columns; those with problems are left out."""
    planned = [] if query.time_series is None else [_plan_bucket(query.time_series, context)]
    planned += [
        plan_output(selection, f"columns[{index}]", context)
        for index, selection in enumerate(query.columns)
    ]
    placed = [item for item in planned if item is not None]
    _refuse_duplicate_names(placed, context)
    return placed


def plan_output(
    selection: ColumnSelection, location: str, context: PlanningContext
) -> PlacedOutput | None:
    """Resolve one selection; None when it has a problem."""
    name = result_name(selection)
    name_is_sound = _check_name(name, f"{location}.alias", context)
    if selection.column == "*" and selection.aggregation == "count":
        output = _row_count(name, selection, location, context)
    else:
        output = _column_output(name, selection, location, context)
    if output is None or not name_is_sound:
        return None
    return PlacedOutput(location, context.sources[selection.table_id], output)


def result_name(selection: ColumnSelection) -> str:
    """Return what a result column is called."""
    return selection.alias if selection.alias is not None else _default_name(selection)


def bucket_name(series: TimeSeriesConfig) -> str:
    """Return what the bucket of a time series is called."""
    return series.alias if series.alias is not None else f"{series.date_column}_{series.interval}"


def _plan_bucket(series: TimeSeriesConfig, context: PlanningContext) -> PlacedOutput | None:
    name = bucket_name(series)
    zone_is_known = _check_timezone(series.timezone, context)
    name_is_sound = _check_name(name, "time_series.alias", context)
    source = context.source(series.table_id, "time_series.table_id")
    if source is None:
        return None
    column = context.column_of(source, series.date_column, "time_series.date_column")
    if column is None or not zone_is_known or not name_is_sound:
        return None
    bucket = plan_truncation(
        column, series.interval, series.timezone, "time_series.interval", context
    )
    if bucket is None:
        return None
    return PlacedOutput(
        "time_series", source, Output(name, bucket, column.data_type, column.family)
    )


def _check_timezone(timezone: str | None, context: PlanningContext) -> bool:
    if timezone is None:
        return True
    try:
        require_timezone(timezone)
    except ValueError as error:
        message = f"{shown(timezone)} is {error}."
        context.report("time_series.timezone", "unknown_timezone", message)
        return False
    return True


def _check_name(name: str, location: str, context: PlanningContext) -> bool:
    """Whether a result column may be called so: any text that JSON can carry, not too long."""
    if not name or len(name) > _MAX_NAME_LENGTH:
        message = f"A name of a result column has 1 to {_MAX_NAME_LENGTH} characters."
    elif not is_storable(name):
        message = "A name of a result column holds no NUL characters and no lone surrogates."
    else:
        return True
    context.report(location, "invalid_alias", message)
    return False


def _default_name(selection: ColumnSelection) -> str:
    if selection.column == "*":
        return selection.aggregation
    name = (
        f"{selection.column}_{selection.date_trunc}" if selection.date_trunc else selection.column
    )
    return name if selection.aggregation == "none" else f"{selection.aggregation}_{name}"


def _row_count(
    name: str, selection: ColumnSelection, location: str, context: PlanningContext
) -> Output | None:
    if selection.date_trunc is not None:
        context.report(f"{location}.date_trunc", "not_a_date", "Rows have no date to cut.")
        return None
    if context.source(selection.table_id, f"{location}.table_id") is None:
        return None
    return Output(name, Aggregate("count", None), "bigint", TypeFamily.INTEGER)


def _column_output(
    name: str, selection: ColumnSelection, location: str, context: PlanningContext
) -> Output | None:
    column = context.column(selection.table_id, selection.column, location)
    if column is None:
        return None
    operand: Column | Truncation | None = column
    if selection.date_trunc is not None:
        operand = plan_truncation(
            column, selection.date_trunc, None, f"{location}.date_trunc", context
        )
    if operand is None:
        return None
    if selection.aggregation == "none":
        refuse_fraction(selection.percentile, location, context)
        return Output(name, operand, column.data_type, column.family)
    aggregate = plan_aggregate(
        selection.aggregation, operand, selection.percentile, location, context
    )
    if aggregate is None:
        return None
    return Output(
        name, aggregate, *result_type(aggregate.function, column.data_type, column.family)
    )


def _refuse_duplicate_names(placed: Iterable[PlacedOutput], context: PlanningContext) -> None:
    """Front ends look result columns up by name."""
    seen: set[str] = set()
    for item in placed:
        if item.output.name in seen:
            context.report(
                f"{item.location}.alias",
                "duplicate_alias",
                f"Two result columns are called {shown(item.output.name)}.",
                "Give one of them another alias.",
            )
        seen.add(item.output.name)
