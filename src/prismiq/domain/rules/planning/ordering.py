"""Step 7: the order of the rows."""

from collections.abc import Sequence

from prismiq.domain.model.plan import Aggregate, Column, Expression, Ordering, Output
from prismiq.domain.model.query import SortDefinition
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.expressions import column_behind
from prismiq.domain.rules.type_capabilities import has_order


def plan_ordering(
    sorts: Sequence[SortDefinition],
    outputs: Sequence[Output],
    hidden_keys: Sequence[Expression] | None,
    context: PlanningContext,
) -> tuple[Ordering, ...]:
    """Resolve the sort keys.

    Args:
        sorts: as the caller wrote them.
        outputs: the columns of the answer.
        hidden_keys: expressions that are not shown and may be sorted by; None: any column may.
        context: holds the schema, and takes the problems.
    """
    planned = []
    for index, sort in enumerate(sorts):
        location = f"order_by[{index}]"
        key = (
            _output_called(sort.column, outputs, location, context)
            if sort.table_id is None
            else _key_of_column(
                context.column(sort.table_id, sort.column, location),
                outputs,
                hidden_keys,
                location,
                context,
            )
        )
        if key is not None and _is_sortable(key, outputs, location, context):
            planned.append(Ordering(key, sort.direction == "DESC"))
    return tuple(planned)


def _output_called(
    name: str, outputs: Sequence[Output], location: str, context: PlanningContext
) -> int | None:
    names = [output.name for output in outputs]
    if name in names:
        return names.index(name)
    context.report(
        f"{location}.column",
        "unknown_alias",
        f"No result column is called {shown(name)}.",
        context.did_you_mean(name, names) or "To sort by a column of a table, add its table_id.",
    )
    return None


def _key_of_column(
    column: Column | None,
    outputs: Sequence[Output],
    hidden_keys: Sequence[Expression] | None,
    location: str,
    context: PlanningContext,
) -> int | Expression | None:
    if column is None:
        return None
    for position, output in enumerate(outputs):
        if output.expression == column:
            return position
    if hidden_keys is None or column in hidden_keys:
        return column
    return _only_output_of(column, outputs, location, context)


def _only_output_of(
    column: Column, outputs: Sequence[Output], location: str, context: PlanningContext
) -> int | None:
    """In a grouped query a column stands for the one result column made from it."""
    made_from = [
        position
        for position, output in enumerate(outputs)
        if column_behind(output.expression) == column
    ]
    if len(made_from) == 1:
        return made_from[0]
    if made_from:
        code, message = (
            "ambiguous_sort",
            f"Several result columns are made from {shown(column.name)}.",
        )
    else:
        code, message = "sort_not_in_result", f"{shown(column.name)} is not part of the answer."
    context.report(
        f"{location}.column",
        code,
        message,
        "Sort by the name of a result column, without table_id.",
    )
    return None


def _is_sortable(
    key: int | Expression, outputs: Sequence[Output], location: str, context: PlanningContext
) -> bool:
    if isinstance(key, int):
        family, name = outputs[key].family, outputs[key].name
    else:
        assert not isinstance(key, Aggregate), "aggregates are sorted by as outputs"  # noqa: S101
        column = key if isinstance(key, Column) else key.column
        family, name = column.family, column.name
    if not has_order(family):
        context.report(
            f"{location}.column", "not_sortable", f"{shown(name)} has a type that has no order."
        )
        return False
    return True
