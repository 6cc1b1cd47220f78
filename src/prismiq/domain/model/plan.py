"""A query after validation: every name resolved, every value typed, nothing left to doubt.

The planner makes a plan from a ``QueryDefinition``; a compiler turns it into a database's
language without asking anything more. Names in it come from the schema, never from the caller;
the caller's values are in ``Constant`` only, and names of result columns never reach SQL.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from prismiq.domain.model.query import Aggregation, JoinType, TimeUnit
from prismiq.domain.model.type_family import TypeFamily

ComparisonOperator: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Source:
    """A table in the FROM clause. Its place in ``QueryPlan.sources`` is its identity."""

    schema_name: str
    table_name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source at position ``source``."""

    source: int
    name: str
    data_type: str
    family: TypeFamily


@dataclass(frozen=True, slots=True)
class Truncation:
    """A date or time cut to the start of its unit.

    ``timezone`` is set for ``timestamp with time zone`` alone. The type is the column's.
    """

    column: Column
    unit: TimeUnit
    timezone: str | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate of a column, or of rows where ``operand`` is None (``count(*)``)."""

    function: Aggregation
    operand: Column | Truncation | None
    fraction: float | None = None


Expression: TypeAlias = Column | Truncation | Aggregate


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of the caller with the PostgreSQL type it is bound as.

    ``data_type`` is a name as ``format_type`` prints it; an array type for lists. The value is
    what belongs to the family: int, float, Decimal, str, bool, date, datetime, time, UUID,
    bytes, or a tuple of these. Intervals, network addresses and enum labels are text.
    """

    value: Any
    data_type: str
    family: TypeFamily


@dataclass(frozen=True, slots=True)
class Comparison:
    operand: Expression
    operator: ComparisonOperator
    value: Constant


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether the operand equals one member of the list (``negated``: none of them)."""

    operand: Expression
    values: Constant
    negated: bool = False


@dataclass(frozen=True, slots=True)
class PatternMatch:
    operand: Expression
    pattern: Constant
    ignore_case: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NullTest:
    operand: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """From ``lower``, included, to ``upper``, included only where it says so."""

    operand: Expression
    lower: Constant
    upper: Constant
    upper_included: bool


@dataclass(frozen=True, slots=True)
class Conjunction:
    members: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    members: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    member: "Predicate"


Predicate: TypeAlias = (
    Comparison | Membership | PatternMatch | NullTest | Range | Conjunction | Disjunction | Negation
)


@dataclass(frozen=True, slots=True)
class Join:
    """The next source joined to those before it; pairs are (column before, column of it)."""

    kind: JoinType
    source: int
    pairs: tuple[tuple[Column, Column], ...]


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the answer. ``name`` is for the caller and never becomes SQL."""

    name: str
    expression: Expression
    data_type: str
    family: TypeFamily


@dataclass(frozen=True, slots=True)
class Ordering:
    """A sort key: an output by its position, or an expression that is not shown."""

    key: int | Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class GapFilling:
    """Adds the buckets that have no row, for each combination of the other plain outputs.

    The bucket is output 0. Without ``lower`` the first bucket in the data is the first, without
    ``upper`` the last one is the last. ``fills`` has one entry per output: what an added row
    holds there; None for null, and for outputs that are not aggregates.
    """

    lower: Constant | None
    upper: Constant | None
    upper_included: bool
    fills: tuple[Constant | None, ...]


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What to ask the database.

    ``joins[i]`` brings in one source each; source 0 is the first. ``grouping`` is None for a
    query without groups, and empty for one that is a single group.
    """

    sources: tuple[Source, ...]
    joins: tuple[Join, ...]
    outputs: tuple[Output, ...]
    predicate: Predicate | None
    grouping: tuple[Expression, ...] | None
    having: Predicate | None
    ordering: tuple[Ordering, ...]
    distinct: bool
    limit: int
    """The most rows to answer with. One more is fetched to learn whether there are more."""
    offset: int
    gap_filling: GapFilling | None = None


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Some different values of a column, in order, from a bounded number of rows."""

    source: Source
    column: Column
    limit: int
    scanned_rows: int
