"""Step 4: what GROUP BY follows from the selected columns."""

from collections.abc import Iterable, Sequence

from prismiq.domain.model.plan import Aggregate, Expression
from prismiq.domain.model.query import GroupByDefinition, QueryDefinition
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.outputs import PlacedOutput
from prismiq.domain.rules.type_capabilities import has_equality


def plan_grouping(
    query: QueryDefinition, placed: Sequence[PlacedOutput], context: PlanningContext
) -> tuple[Expression, ...] | None:
    """Return the keys to group by, empty for one group of all rows, None for no grouping.

    A query is grouped as soon as it aggregates, names a group or is a time series. Every plain
    column of the answer is a key; named groups come after them.
    """
    plain = [item for item in placed if not isinstance(item.output.expression, Aggregate)]
    aggregates = len(plain) < len(placed) or bool(query.having)
    is_grouped = aggregates or bool(query.group_by) or query.time_series is not None
    if is_grouped or query.distinct:
        for item in plain:
            output = item.output
            _check(item.location, output.name, output.data_type, output.family, context)
    if not is_grouped:
        return None
    keys = [item.output.expression for item in plain]
    return tuple(dict.fromkeys([*keys, *_named_groups(query.group_by, context)]))


def _named_groups(
    groups: Sequence[GroupByDefinition], context: PlanningContext
) -> Iterable[Expression]:
    for index, group in enumerate(groups):
        location = f"group_by[{index}]"
        column = context.column(group.table_id, group.column, location)
        if column is not None:
            _check(f"{location}.column", column.name, column.data_type, column.family, context)
            yield column


def _check(
    location: str, name: str, data_type: str, family: TypeFamily, context: PlanningContext
) -> None:
    if not has_equality(family):
        context.report(
            location,
            "not_groupable",
            f"{shown(name)} ({data_type}) has a type whose values cannot be compared, so rows"
            " cannot be grouped by it.",
        )
