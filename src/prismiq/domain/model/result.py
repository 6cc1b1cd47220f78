"""Answers."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from prismiq.domain.model.plan import Output
from prismiq.domain.model.strict_model import StrictModel


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A statement whose values are all parameters (``parameters[0]`` is ``$1``).

    Its output columns are called ``c0``, ``c1`` and so on.
    """

    sql: str
    parameters: tuple[Any, ...]
    column_count: int
    """How many output columns there are, at least one."""
    tables: tuple[str, ...] = ()
    """What it reads, each once as ``schema.table``; for traces and logs."""


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows as one JSON array of arrays, made by the database.

    Numbers keep all their digits; see ``prismiq.domain.rules.result_decoding`` for the forms.
    """

    rows_json: bytes
    row_count: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class EncodedResult:
    """An answer that is still JSON: ready for HTTP, and decoded only for Python callers."""

    outputs: tuple[Output, ...]
    batch: RowBatch
    execution_time_ms: float


class QueryResult(StrictModel):
    """An answer in Python values.

    Values are Decimal, datetime, date, time, timedelta, UUID, bytes, float, int, str, bool,
    lists, and None. Dates that Python cannot hold (infinity, years before 1) stay text.
    """

    columns: list[str]
    column_types: list[str]
    """PostgreSQL's type names, present for an empty answer too."""
    rows: list[list[Any]]
    row_count: int
    truncated: bool
    """Whether more rows follow the last one here, cut off by ``limit`` or by ``max_rows``."""
    execution_time_ms: float = Field(ge=0)


class PlanEstimate(StrictModel):
    """What the database's planner expects. Costs are in its own unit, not in time."""

    startup_cost: float
    total_cost: float
    estimated_rows: int


class CompiledSql(StrictModel):
    """A query as it would be sent."""

    sql: str
    parameters: list[Any]


class ColumnSample(StrictModel):
    """Some different values of a column, in order."""

    values: list[Any]
