"""Step 2: the join graph. It must be a tree that holds every table of the query."""

from collections.abc import Sequence
from dataclasses import dataclass

from prismiq.domain.model.plan import Column, Join
from prismiq.domain.model.query import JoinDefinition, JoinType
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.type_capabilities import has_equality

_MIRRORED: dict[JoinType, JoinType] = {
    "INNER": "INNER",
    "LEFT": "RIGHT",
    "RIGHT": "LEFT",
    "FULL": "FULL",
}
_COMPARABLE = (
    frozenset({TypeFamily.INTEGER, TypeFamily.NUMERIC, TypeFamily.FLOAT}),
    frozenset({TypeFamily.DATE, TypeFamily.TIMESTAMP}),
)
_SAME_TYPE_ONLY = frozenset({TypeFamily.ENUM, TypeFamily.ARRAY})


@dataclass(frozen=True, slots=True)
class _Edge:
    """A join whose columns are known, in the direction the caller wrote it."""

    index: int
    kind: JoinType
    left: int
    right: int
    pairs: tuple[tuple[Column, Column], ...]


def plan_joins(
    joins: Sequence[JoinDefinition], context: PlanningContext
) -> tuple[Join, ...] | None:
    """Order the joins so that each brings in one new table; None when that cannot be.

    Joins keep the caller's order as far as the tables before them allow. A join written from
    a new table to a known one is mirrored, which keeps its meaning.
    """
    edges = [_edge(index, join, context) for index, join in enumerate(joins)]
    if any(edge is None for edge in edges):
        return None
    waiting = [edge for edge in edges if edge is not None]
    joined = {0}
    planned: list[Join] = []
    while waiting:
        edge = next((e for e in waiting if e.left in joined or e.right in joined), None)
        if edge is None:
            break
        waiting.remove(edge)
        if edge.left in joined and edge.right in joined:
            context.report(
                f"joins[{edge.index}]",
                "redundant_join",
                "This join links two tables that are linked already.",
                "Put further column pairs of one join into its 'on' list, or list the table a"
                " second time with another id.",
            )
            continue
        planned.append(_towards_new_table(edge, joined))
        joined.add(planned[-1].source)
    return tuple(planned) if _all_joined(joined, context) else None


def _towards_new_table(edge: _Edge, joined: set[int]) -> Join:
    if edge.left in joined:
        return Join(edge.kind, edge.right, edge.pairs)
    mirrored = tuple((right, left) for left, right in edge.pairs)
    return Join(_MIRRORED[edge.kind], edge.left, mirrored)


def _all_joined(joined: set[int], context: PlanningContext) -> bool:
    apart = [name for name, position in context.sources.items() if position not in joined]
    if apart:
        context.report(
            "joins",
            "disconnected_tables",
            f"No join connects {', '.join(shown(name) for name in apart)} with the first table."
            " Every row would be combined with every other.",
            "Add a join for each table after the first.",
        )
    return not apart


def _edge(index: int, join: JoinDefinition, context: PlanningContext) -> _Edge | None:
    location = f"joins[{index}]"
    left = context.source(join.from_table_id, f"{location}.from_table_id")
    right = context.source(join.to_table_id, f"{location}.to_table_id")
    if left is None or right is None:
        return None
    if left == right:
        context.report(
            f"{location}.to_table_id",
            "join_to_itself",
            "A join needs two different table ids.",
            "To join a table with itself, list it twice with two ids.",
        )
        return None
    names = [(location, join.from_column, join.to_column)]
    names += [
        (f"{location}.on[{i}]", pair.from_column, pair.to_column) for i, pair in enumerate(join.on)
    ]
    pairs = []
    for where, from_name, to_name in names:
        from_column = context.column_of(left, from_name, f"{where}.from_column")
        to_column = context.column_of(right, to_name, f"{where}.to_column")
        if from_column is None or to_column is None:
            continue
        if _are_comparable(from_column, to_column):
            pairs.append((from_column, to_column))
        else:
            context.report(
                where,
                "join_type_mismatch",
                f"{shown(from_name)} ({from_column.data_type}) cannot be compared with"
                f" {shown(to_name)} ({to_column.data_type}).",
            )
    if len(pairs) < len(names):
        return None
    return _Edge(index, join.join_type, left, right, tuple(pairs))


def _are_comparable(left: Column, right: Column) -> bool:
    if not (has_equality(left.family) and has_equality(right.family)):
        return False
    if left.family in _SAME_TYPE_ONLY or right.family in _SAME_TYPE_ONLY:
        return left.data_type == right.data_type
    return left.family == right.family or any(
        {left.family, right.family} <= group for group in _COMPARABLE
    )
