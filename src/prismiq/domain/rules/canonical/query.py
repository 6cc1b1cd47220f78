"""The canonical form of a whole query."""

from collections.abc import Iterable
from datetime import datetime

from prismiq.domain.model.query import (
    ColumnSelection,
    HavingDefinition,
    QueryDefinition,
    SortDefinition,
    TimeSeriesConfig,
)
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.canonical.conditions import ConditionForms, Moment
from prismiq.domain.rules.canonical.sources import TableNumbers, canonical_joins
from prismiq.domain.rules.canonical.texts import sequence_of, set_of, text_of
from prismiq.domain.rules.planning.outputs import bucket_name, result_name


def canonical_query(query: QueryDefinition, *, scope: Scope, now: datetime, max_rows: int) -> str:
    """Return one text for all queries that have the same answer for the scope at this moment.

    Relative dates are resolved. The scope's own part of the answer (tenant, claims, zone) is not
    in it. Equal texts promise equal answers where both queries are valid; an invalid query may
    share the text of a valid one (limits on size and nesting are not looked at).

    Args:
        query: a valid query.
        scope: tells its default schema and where days begin.
        now: the present moment, aware.
        max_rows: the most rows in one answer.

    Raises:
        TypeError: a filter holds a value of a type that no filter takes.
    """
    return _QueryForm(query, scope, now).text(max_rows)


class _QueryForm:
    def __init__(self, query: QueryDefinition, scope: Scope, now: datetime) -> None:
        self._query = query
        self._scope = scope
        self._numbers = TableNumbers(query, scope)
        series = query.time_series
        self._conditions = ConditionForms(
            self._numbers,
            Moment(now, scope.timezone),
            keeps_groups=series is not None and series.fill_missing,
        )
        self._columns = [self._expression(column) for column in query.columns]
        self._names = [result_name(column) for column in query.columns]
        if series is not None:
            self._columns.insert(0, self._bucket(series))
            self._names.insert(0, bucket_name(series))

    def text(self, max_rows: int) -> str:
        query = self._query
        limit = max_rows if query.limit is None else min(query.limit, max_rows)
        return sequence_of(
            "query",
            [
                sequence_of("tables", self._numbers.names),
                canonical_joins(query, self._numbers),
                sequence_of("columns", self._columns),
                sequence_of("names", map(text_of, self._names)),
                self._conditions.all_of(query.filters),
                self._groups(),
                set_of("having", map(self._having, query.having)),
                sequence_of("order", self._order()),
                *map(text_of, (query.distinct, limit, query.offset or 0)),
            ],
        )

    def _column(self, table_id: str, column: str) -> str:
        return sequence_of("column", [self._numbers[table_id], text_of(column)])

    def _expression(self, selection: ColumnSelection) -> str:
        column = self._column(selection.table_id, selection.column)
        if selection.date_trunc is not None:
            column = sequence_of("trunc", [column, text_of(selection.date_trunc)])
        if selection.aggregation == "none" and selection.percentile is None:
            return column
        return sequence_of(selection.aggregation, [column, text_of(selection.percentile)])

    def _bucket(self, series: TimeSeriesConfig) -> str:
        timezone = self._scope.timezone if series.timezone is None else series.timezone
        fill = series.fill_value if series.fill_missing else None
        column = self._column(series.table_id, series.date_column)
        details = (series.interval, timezone, series.fill_missing, fill)
        return sequence_of("bucket", [column, *map(text_of, details)])

    def _groups(self) -> str:
        """Shown columns are grouped by anyway, as soon as anything groups."""
        query = self._query
        named = {self._column(group.table_id, group.column) for group in query.group_by}
        aggregates = any(column.aggregation != "none" for column in query.columns)
        groups_anyway = aggregates or bool(query.having) or query.time_series is not None
        is_grouped = groups_anyway or bool(query.group_by)
        return set_of("groups", [text_of(is_grouped), *(named - set(self._columns))])

    def _having(self, condition: HavingDefinition) -> str:
        return self._conditions.condition(
            self._measure(condition), condition.operator, condition.value
        )

    def _measure(self, condition: HavingDefinition) -> str:
        """The name of an aggregate stands for the aggregate."""
        if condition.table_id is None:
            return self._shown_as(condition.column) or sequence_of(
                "name", [text_of(condition.column)]
            )
        return self._expression(
            ColumnSelection(
                table_id=condition.table_id,
                column=condition.column,
                aggregation=condition.aggregation,
                percentile=condition.percentile,
            )
        )

    def _order(self) -> Iterable[str]:
        if not self._query.order_by and self._query.time_series is not None:
            yield sequence_of("ASC", [self._columns[0]])
        for sort in self._query.order_by:
            yield sequence_of(sort.direction, [self._sort_key(sort)])

    def _sort_key(self, sort: SortDefinition) -> str:
        """The name of a result column stands for what it shows."""
        if sort.table_id is None:
            return self._shown_as(sort.column) or sequence_of("name", [text_of(sort.column)])
        return self._column(sort.table_id, sort.column)

    def _shown_as(self, name: str) -> str | None:
        return dict(zip(self._names, self._columns, strict=True)).get(name)
