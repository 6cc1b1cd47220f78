"""The routes over services whose ports answer from memory."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from tests.unit.conftest import kept_in_memory

from prismiq.adapters.http.caller_scope import ScopeOf, single_tenant
from prismiq.adapters.http.direct_lane import DirectLane
from prismiq.adapters.http.query_endpoints import QueryEndpoints
from prismiq.adapters.http.query_router import make_query_router
from prismiq.adapters.http.schema_router import make_schema_router
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.model.schema_config import ColumnConfig, SchemaConfig, TableConfig
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.column_sampler import ColumnSampler
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.questions import Questions
from prismiq.domain.services.schema_catalog import SchemaCatalog

MakeRouter: TypeAlias = Callable[..., APIRouter]
Connect: TypeAlias = Callable[[FastAPI], httpx.AsyncClient]


@pytest.fixture
def catalog(source: Any, clock: Any, flights_schema: DatabaseSchema) -> SchemaCatalog:
    source.schema = flights_schema
    hidden = SchemaConfig(
        tables={"flights": TableConfig(columns={"crew_notes": ColumnConfig(hidden=True)})}
    )
    return SchemaCatalog(source, source.dependencies, clock, config=hidden)


LIMITS = QueryLimits(max_rows=500)


@pytest.fixture
def queries(
    catalog: SchemaCatalog, compiler: Any, runner: Any, clock: Any, observer: Any
) -> QueryService:
    return QueryService(catalog, compiler, runner, clock, limits=LIMITS, observer=observer)


@pytest.fixture
def answers(catalog: SchemaCatalog, queries: QueryService, clock: Any) -> QueryAnswers:
    """Answers that are kept in memory."""
    cache = kept_in_memory(clock)
    questions = Questions(queries, clock, LIMITS.max_rows)
    statistics = CacheStatistics(NoMetrics())
    return QueryAnswers(catalog, queries, questions, cache, statistics, ttl=300.0)


@pytest.fixture
def make_router(
    catalog: SchemaCatalog,
    queries: QueryService,
    answers: QueryAnswers,
    compiler: Any,
    runner: Any,
    clock: Any,
    observer: Any,
) -> MakeRouter:
    """Make the routes: ``make_router(scope_of=..., max_body_bytes=...)``."""
    sampler = ColumnSampler(catalog, compiler, runner, observer)

    def make(*, scope_of: ScopeOf | None = None, max_body_bytes: int = 10_000) -> APIRouter:
        scope_of = scope_of or single_tenant(Scope())
        endpoints = QueryEndpoints(answers, queries, scope_of, clock)
        asked = make_query_router(endpoints, max_body_bytes=max_body_bytes)
        seen = make_schema_router(catalog, sampler, scope_of)
        return APIRouter(routes=[*asked.routes, *seen.routes])

    return make


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Open a client of an application: ``connect(app)``."""
    clients: list[httpx.AsyncClient] = []

    def open_client(app: FastAPI) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://test"))
        return clients[-1]

    yield open_client
    for client in clients:
        await client.aclose()


@pytest.fixture(params=["route", "direct lane"])
def connect_to_execute(
    request: pytest.FixtureRequest,
    make_router: MakeRouter,
    answers: QueryAnswers,
    queries: QueryService,
    connect: Connect,
    clock: Any,
) -> Callable[..., httpx.AsyncClient]:
    """Open a client whose queries take the route, or the shortcut, which must not differ."""

    def open_client(
        *, scope_of: ScopeOf | None = None, max_body_bytes: int = 10_000
    ) -> httpx.AsyncClient:
        app = FastAPI()
        app.include_router(make_router(scope_of=scope_of, max_body_bytes=max_body_bytes))
        if request.param == "direct lane":
            app.add_middleware(
                DirectLane,
                path="/query/execute",
                endpoints=QueryEndpoints(
                    answers, queries, scope_of or single_tenant(Scope()), clock
                ),
                max_body_bytes=max_body_bytes,
            )
        return connect(app)

    return open_client


@pytest.fixture
def client(make_router: MakeRouter, connect: Connect) -> httpx.AsyncClient:
    """A client of an integrator's application that has nothing but our routes."""
    app = FastAPI()
    app.include_router(make_router())
    return connect(app)
