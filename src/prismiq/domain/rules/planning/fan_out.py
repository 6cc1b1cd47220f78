"""Step 8: joins that would count a row several times under an aggregate.

Joining flights with the weather of a day repeats each flight once per weather row; a sum over
flights would then be too large, and nothing would show it. Such a query is refused. A join
cannot repeat rows where the other side's columns contain a unique key.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from prismiq.domain.model.plan import Aggregate, Join
from prismiq.domain.model.query import Aggregation
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.outputs import PlacedOutput

_UNHARMED_BY_REPETITION: frozenset[Aggregation] = frozenset({"count_distinct", "min", "max"})


def refuse_fan_out(
    outputs: Iterable[PlacedOutput],
    joins: Sequence[Join],
    context: PlanningContext,
) -> None:
    """Report every aggregate whose table's rows are repeated by a join.

    Args:
        outputs: everything that may be a measure.
        joins: the planned joins.
        context: holds the tables, and takes the problems.
    """
    if not joins:
        return
    first_repeating = cache(lambda source: _first_repeating_table(source, joins, context))
    for item in outputs:
        aggregate = item.output.expression
        if not isinstance(aggregate, Aggregate) or aggregate.function in _UNHARMED_BY_REPETITION:
            continue
        repeating = first_repeating(item.source)
        if repeating is not None:
            measured = context.table(item.source).name
            other = context.table(repeating).name
            context.report(
                item.location,
                "fan_out",
                f"The join repeats rows of {shown(measured)} once for each matching row of"
                f" {shown(other)}, so this {aggregate.function} would count them several times.",
                "Use count_distinct, min or max, aggregate a column of"
                f" {shown(other)}, or ask without that join.",
            )


def _first_repeating_table(
    start: int, joins: Sequence[Join], context: PlanningContext
) -> int | None:
    """Walk the join tree away from ``start`` and return the first table on a 'many' side."""
    seen = {start}
    frontier = [start]
    while frontier:
        here = frontier.pop()
        for there, columns in _neighbours(here, joins):
            if there in seen:
                continue
            if not _identify_one_row(there, columns, context):
                return there
            seen.add(there)
            frontier.append(there)
    return None


def _neighbours(here: int, joins: Sequence[Join]) -> Iterable[tuple[int, frozenset[str]]]:
    """Yield the tables joined with this one, and their columns in the join condition."""
    for join in joins:
        before = join.pairs[0][0].source
        if here == before:
            yield join.source, frozenset(new.name for _, new in join.pairs)
        elif here == join.source:
            yield before, frozenset(old.name for old, _ in join.pairs)


def _identify_one_row(position: int, columns: frozenset[str], context: PlanningContext) -> bool:
    keys = context.table(position).schema.unique_keys
    return any(columns.issuperset(key) for key in keys if key)
