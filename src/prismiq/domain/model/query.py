"""The query language: what a caller asks, in names of the schema. It has no place for SQL."""

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from prismiq.domain.model.filters import ConditionValue, FilterNode, FilterOperator
from prismiq.domain.model.strict_model import Listed, StrictModel

JoinType: TypeAlias = Literal["INNER", "LEFT", "RIGHT", "FULL"]
TimeUnit: TypeAlias = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]
Aggregation: TypeAlias = Literal[
    "none",
    "sum",
    "avg",
    "count",
    "count_distinct",
    "min",
    "max",
    "median",
    "percentile",
    "stddev",
    "variance",
]


class QueryTable(StrictModel):
    """A table of the query. ``id`` is the name that the rest of the query uses for it."""

    id: str
    name: str
    alias: str | None = None
    """A label for people; it takes no part in the query."""
    schema_name: str | None = None


class JoinColumns(StrictModel):
    """One more column pair of a join on a composite key."""

    from_column: str
    to_column: str


class JoinDefinition(StrictModel):
    """``from_table`` joined with ``to_table`` where the columns are equal.

    LEFT keeps every row of ``from_table_id``, RIGHT every row of ``to_table_id``.
    """

    from_table_id: str
    from_column: str
    to_table_id: str
    to_column: str
    join_type: JoinType = "INNER"
    on: Listed[JoinColumns] = ()
    """Further pairs, all of which must be equal too."""


class ColumnSelection(StrictModel):
    """One column of the answer.

    ``column`` may be ``"*"`` with the aggregation ``count``. ``percentile`` (between 0 and 1,
    linear interpolation) belongs to the aggregation of that name. ``date_trunc`` cuts a date or
    time to the start of its unit, in the scope's time zone. Without ``alias`` the result column
    is called after the column, the unit and the aggregation: ``distance``, ``time_hour_day``,
    ``avg_dep_delay``, ``count``.
    """

    table_id: str
    column: str
    aggregation: Aggregation = "none"
    alias: str | None = None
    date_trunc: TimeUnit | None = None
    date_format: str | None = None
    """Carried for the front end, which does the formatting."""
    percentile: float | None = None


class HavingDefinition(StrictModel):
    """One condition on an aggregate; conditions are joined by AND.

    Either ``table_id``, ``column`` and ``aggregation`` say what is compared, or, without
    ``table_id``, ``column`` is the alias of an aggregated result column.
    """

    table_id: str | None = None
    column: str
    aggregation: Aggregation = "none"
    percentile: float | None = None
    operator: FilterOperator
    value: ConditionValue = None


class SortDefinition(StrictModel):
    """One sort key; null sorts last in both directions.

    Without ``table_id``, ``column`` is the name of a result column. With it, an aggregated query
    sorts by the result column made from that column.
    """

    table_id: str | None = None
    column: str
    direction: Literal["ASC", "DESC"] = "ASC"


class GroupByDefinition(StrictModel):
    """A column to group by without showing it. Shown plain columns are grouped by anyway."""

    table_id: str
    column: str


class TimeSeriesConfig(StrictModel):
    """Aggregates per time bucket; the bucket is the first column of the answer.

    Buckets of a ``timestamp with time zone`` begin in ``timezone`` (default: the scope's). Days
    around a clock change have 23 or 25 hours. Dates and timestamps without a zone are bucketed
    as they stand. Missing buckets are added from the first to the last one, where the filters
    on the same column tell (joined by AND, at the top level), else where the data tell. With
    ``having``, ``fill_missing`` must be false: filling would bring back what it removes.
    """

    table_id: str
    date_column: str
    interval: TimeUnit
    fill_missing: bool = True
    fill_value: int | float | Decimal | None = None
    """What added buckets hold in numeric aggregates; None: 0 for counts, null otherwise."""
    alias: str | None = None
    timezone: str | None = None


class QueryDefinition(StrictModel):
    """A read-only question about tables of the schema.

    GROUP BY follows from the aggregations. ``filters`` are joined by AND and may nest groups.
    """

    tables: Annotated[Listed[QueryTable], Field(min_length=1)]
    joins: Listed[JoinDefinition] = ()
    columns: Listed[ColumnSelection] = ()
    filters: Listed[FilterNode] = ()
    group_by: Listed[GroupByDefinition] = ()
    having: Listed[HavingDefinition] = ()
    order_by: Listed[SortDefinition] = ()
    distinct: bool = False
    limit: int | None = None
    offset: int | None = None
    time_series: TimeSeriesConfig | None = None
