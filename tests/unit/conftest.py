"""A clock that stands still, and ports that answer from memory when they are told to."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.memory.invalidation_bus import InMemoryInvalidationBus
from prismiq.adapters.memory.store_availability import AlwaysAvailable
from prismiq.adapters.memory.table_versions import InMemoryTableVersions
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.model.plan import QueryPlan, SamplePlan
from prismiq.domain.model.result import CompiledQuery, PlanEstimate, RowBatch
from prismiq.domain.model.schema import ColumnSchema, DatabaseSchema, Relationship, TableSchema
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.query_observer import QueryObserver
from prismiq.ports.clock import Clock
from prismiq.ports.dependency_source import DependencySource, TableDependencies, TableName
from prismiq.ports.query_compiler import QueryCompiler
from prismiq.ports.query_runner import QueryRunner
from prismiq.ports.schema_source import SchemaSource


class ManualClock(Clock):
    """Time passes only when a test says so."""

    def __init__(self) -> None:
        self._seconds = 1_000.0

    def now(self) -> datetime:
        return datetime(2013, 7, 1, 12, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds


class PlainTables(DependencySource):
    """Every table of the public schema depends on itself, unless a test says otherwise."""

    def __init__(self, source: "GatedSource") -> None:
        self._source = source
        self.changes: dict[TableName, frozenset[TableName] | None] = {}
        self.roots: dict[TableName, TableName] = {}
        self.definitions = ""
        self.origin = ""

    async def read(self, schema_names: Sequence[str]) -> TableDependencies:
        names = [(table.schema_name, table.name) for table in self._source.schema.tables]
        reads = {name: self.changes.get(name, frozenset({name})) for name in names}
        return TableDependencies(reads, dict(self.roots), self.definitions, self.origin)


class GatedSource(SchemaSource):
    """Every read waits for its own gate; open gates do not hold anything up."""

    def __init__(self) -> None:
        self.dependencies = PlainTables(self)
        self.reads: list[tuple[str, ...]] = []
        self.schema = DatabaseSchema(tables=())
        self.error: Exception | None = None
        self.gates: list[asyncio.Event] = []
        self.holds = False
        self.cancelled = 0

    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        self.reads.append(tuple(schema_names))
        gate = asyncio.Event()
        self.gates.append(gate)
        found = self.schema  # as of the beginning, as a database snapshot would be
        if self.holds:
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if self.error is not None:
            raise self.error
        return found


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def source() -> GatedSource:
    return GatedSource()


@pytest.fixture
def flights_schema() -> DatabaseSchema:
    def column(name: str, data_type: str = "text", *, key: bool = False) -> ColumnSchema:
        return ColumnSchema(name=name, data_type=data_type, is_primary_key=key)

    return DatabaseSchema(
        tables=[
            TableSchema(
                name="flights",
                columns=[
                    column("id", "bigint", key=True),
                    column("carrier"),
                    column("dep_delay", "double precision"),
                    column("time_hour", "timestamp with time zone"),
                    column("crew_notes"),
                ],
                unique_keys=[["id"]],
            ),
            TableSchema(name="airlines", columns=[column("carrier", key=True), column("name")]),
        ],
        relationships=[
            Relationship(
                from_table="public.flights",
                from_column="carrier",
                to_table="public.airlines",
                to_column="carrier",
            )
        ],
    )


@pytest.fixture
def let_others_run() -> Callable[[], "asyncio.Future[None]"]:
    """Give every other task of the loop its turns until all of them wait."""

    async def turn() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    return lambda: asyncio.ensure_future(turn())


class EchoCompiler(QueryCompiler):
    """Keeps the plans it was given; its statements say nothing."""

    def __init__(self) -> None:
        self.plans: list[QueryPlan | SamplePlan] = []

    def compile(self, plan: QueryPlan) -> CompiledQuery:
        self.plans.append(plan)
        return CompiledQuery("SELECT …", (1,), len(plan.outputs))

    def compile_sample(self, plan: SamplePlan) -> CompiledQuery:
        self.plans.append(plan)
        return CompiledQuery("SELECT DISTINCT …", (), 1)


class SlowRunner(QueryRunner):
    """Answers every statement with the same rows after 0.25 seconds."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.calls: list[tuple[CompiledQuery, Scope, int]] = []
        self.batch = RowBatch(b'[["UA"],["AA"]]', 2, truncated=False)
        self.error: Exception | None = None

    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        self.calls.append((query, scope, limit))
        self._clock.advance(0.25)
        if self.error is not None:
            raise self.error
        return self.batch

    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        self.calls.append((query, scope, 0))
        if self.error is not None:
            raise self.error
        return PlanEstimate(startup_cost=0.5, total_cost=8.0, estimated_rows=7)


@pytest.fixture
def compiler() -> EchoCompiler:
    return EchoCompiler()


@pytest.fixture
def observer(clock: ManualClock) -> QueryObserver:
    return QueryObserver(clock, NoMetrics())


@pytest.fixture
def runner(clock: ManualClock) -> SlowRunner:
    return SlowRunner(clock)


def kept_in_memory(clock: Clock, memory: InMemoryCache | None = None) -> AnswerCache:
    """Return a cache of answers as a single process has it."""
    versions = KnownVersions(
        InMemoryTableVersions(),
        InMemoryInvalidationBus(),
        AlwaysAvailable(),
        clock,
        new_token=lambda: "never needed",
        max_age=inf,
    )
    return AnswerCache(
        InMemoryCache(clock=clock) if memory is None else memory,
        None,
        versions,
        clock,
        policy=CachePolicy(),
        chance=lambda: 1.0,
        metrics=NoMetrics(),
    )
