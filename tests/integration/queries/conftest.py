"""Queries against a small database, by us and by hand."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from prismiq.adapters.postgres.compiler import PostgresCompiler
from prismiq.adapters.postgres.dependency_source import PostgresDependencySource
from prismiq.adapters.postgres.pool import PostgresPool
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.postgres.schema_source import PostgresSchemaSource
from prismiq.adapters.system.clock import SystemClock
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.result import QueryResult
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.result_decoding import decode_result
from prismiq.domain.rules.result_encoding import encode_result
from prismiq.domain.services.query_observer import QueryObserver
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.schema_catalog import SchemaCatalog

Ask = Callable[..., Awaitable[QueryResult]]
AskForJson = Callable[..., Awaitable[bytes]]

_DATABASE = "queries"
_TABLES = ["person", "purchase", "stock", "event", "nothing", "adult"]
_ODD_TABLE = 'odd schema.select "from" $1; -- ✈️'


class FixedClock(SystemClock):
    """It is noon of 15 March 2024, a Friday, in UTC."""

    def now(self) -> datetime:
        return datetime(2024, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
async def small_database(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of a database with the tables of ``schema.sql``."""
    administration = await asyncpg.connect(postgres_dsn)
    await administration.execute(f"CREATE DATABASE {_DATABASE} STRATEGY file_copy")
    dsn = postgres_dsn.replace("/postgres?", f"/{_DATABASE}?")
    connection = await asyncpg.connect(dsn)
    await connection.execute((Path(__file__).parent / "schema.sql").read_text())
    await connection.close()
    yield dsn
    await administration.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)")
    await administration.close()


@pytest.fixture(scope="session")
async def by_hand(small_database: str) -> AsyncIterator[Any]:
    """A plain connection.

    Its JSON is parsed; addresses are text, and reals have the digits that PostgreSQL shows.
    """
    settings = {"TimeZone": "UTC", "IntervalStyle": "iso_8601"}
    connection = await asyncpg.connect(small_database, server_settings=settings)
    decoders = {"json": json.loads, "jsonb": json.loads, "inet": str, "float4": float}
    for name, decoder in decoders.items():
        await connection.set_type_codec(
            name, encoder=str, decoder=decoder, schema="pg_catalog", format="text"
        )
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def pool(small_database: str) -> AsyncIterator[PostgresPool]:
    pool = PostgresPool(small_database)
    await pool.open()
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
def service_with(pool: PostgresPool) -> Callable[[QueryLimits], QueryService]:
    """Return a service with other limits: planner, compiler and runner are the real ones."""
    catalog = SchemaCatalog(
        PostgresSchemaSource(pool),
        PostgresDependencySource(pool),
        FixedClock(),
        exposed_tables=[*_TABLES, _ODD_TABLE],
    )

    def build(limits: QueryLimits) -> QueryService:
        runner = PostgresQueryRunner(pool)
        observer = QueryObserver(FixedClock(), NoMetrics())
        return QueryService(
            catalog, PostgresCompiler(), runner, FixedClock(), limits=limits, observer=observer
        )

    return build


@pytest.fixture(scope="session")
def ask(service_with: Callable[[QueryLimits], QueryService]) -> Ask:
    """Answer a query given as JSON, in a time zone."""
    service = service_with(QueryLimits())

    async def answer(query: str, timezone: str = "UTC") -> QueryResult:
        definition = QueryDefinition.model_validate_json(query)
        return decode_result(await service.execute(definition, Scope(timezone=timezone)))

    return answer


@pytest.fixture(scope="session")
def ask_for_json(service_with: Callable[[QueryLimits], QueryService]) -> AskForJson:
    """Answer a query given as JSON with the body that HTTP sends."""
    service = service_with(QueryLimits())

    async def answer(query: str, timezone: str = "UTC") -> bytes:
        definition = QueryDefinition.model_validate_json(query)
        return encode_result(await service.execute(definition, Scope(timezone=timezone)))

    return answer
