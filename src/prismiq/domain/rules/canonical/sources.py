"""Tables and joins without the labels and the order that the caller gave them."""

from collections.abc import Iterable, Mapping, Sequence

from prismiq.domain.model.query import JoinDefinition, QueryDefinition, QueryTable
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.canonical.texts import sequence_of, set_of, text_of


class TableNumbers:
    """Gives each table id of a query a number, and remembers the tables in that order.

    Where all joins are INNER, tables come in the order of their names, since the rows of such a
    tree do not depend on the order of its parts. Copies of one table follow the order in which
    the answer shows them. With outer joins tables keep their places: the first one is the root.
    Different ids always have different numbers, so renaming never merges two tables.
    """

    def __init__(self, query: QueryDefinition, scope: Scope) -> None:
        names = [_name(table, scope) for table in query.tables]
        order: Sequence[int] = range(len(names))
        if _is_inner_tree(query):
            seen = _first_shown(query)
            ids = [table.id for table in query.tables]
            order = sorted(order, key=lambda i: (names[i], seen.get(ids[i], len(seen)), i))
        self.names = [names[position] for position in order]
        self._numbers = {query.tables[position].id: n for n, position in enumerate(order)}

    def __getitem__(self, table_id: str) -> str:
        """Return the number of a table as text; an unknown id stays what it is."""
        number = self._numbers.get(table_id)
        return text_of(table_id if number is None else number)


def canonical_joins(query: QueryDefinition, numbers: TableNumbers) -> str:
    """Return the joins; their order stays where one of them is an outer join."""
    joins = [_join(join, numbers) for join in query.joins]
    return sequence_of("joins", sorted(joins) if _is_inner_tree(query) else joins)


def _is_inner_tree(query: QueryDefinition) -> bool:
    """Whether no join keeps unmatched rows. A valid query's joins are a tree anyway."""
    return all(join.join_type == "INNER" for join in query.joins)


def _name(table: QueryTable, scope: Scope) -> str:
    schema_name = table.schema_name
    if schema_name == scope.schema_name and "." not in table.name:
        schema_name = None
    return sequence_of("table", [text_of(schema_name), text_of(table.name)])


def _first_shown(query: QueryDefinition) -> Mapping[str, int]:
    """Return table ids in the order of what an answer shows, which every equal query has."""
    series = [] if query.time_series is None else [query.time_series.table_id]
    shown = [column.table_id for column in query.columns]
    return _places([*series, *shown])


def _places(ids: Iterable[str]) -> Mapping[str, int]:
    return {table_id: place for place, table_id in enumerate(dict.fromkeys(ids))}


def _join(join: JoinDefinition, numbers: TableNumbers) -> str:
    """A RIGHT join is a LEFT one seen from the other side; INNER and FULL have no sides."""
    left, right = numbers[join.from_table_id], numbers[join.to_table_id]
    pairs: Sequence[tuple[str, str]] = [
        (join.from_column, join.to_column),
        *((pair.from_column, pair.to_column) for pair in join.on),
    ]
    kind = join.join_type
    if kind == "RIGHT" or (kind != "LEFT" and right < left):
        left, right = right, left
        pairs = [(to_column, from_column) for from_column, to_column in pairs]
    conditions = set_of("on", (sequence_of("", map(text_of, pair)) for pair in pairs))
    return sequence_of("LEFT" if kind == "RIGHT" else kind, [left, right, conditions])
