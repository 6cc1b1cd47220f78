"""A small airline database, an engine over it, and clients that speak to its routes."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from prismiq import (
    ColumnConfig,
    PrismiqEngine,
    SchemaConfig,
    TableConfig,
    create_router,
)

DsnFor: TypeAlias = Callable[..., str]
Ask: TypeAlias = Callable[..., Awaitable[httpx.Response]]
Connect: TypeAlias = Callable[[FastAPI], Awaitable[httpx.AsyncClient]]

_INSIDE = (
    "SELECT", "FROM", "CAST(", "pg_", "asyncpg", "postgresql://", "Traceback", "relation",
    "http_reader", "SECRET", "socket", "/tmp",
)  # fmt: skip

_TABLES = """
CREATE TYPE status AS ENUM ('scheduled', 'departed', 'cancelled');

CREATE TABLE airlines (carrier text PRIMARY KEY, name text NOT NULL);
INSERT INTO airlines VALUES ('AA', 'American'), ('B6', 'JetBlue'), ('UA', 'United');

CREATE TABLE flights (
    id bigint PRIMARY KEY,
    carrier text NOT NULL REFERENCES airlines,
    dep_delay integer,
    distance double precision NOT NULL,
    fare numeric(30, 12) NOT NULL,
    time_hour timestamptz NOT NULL,
    day date NOT NULL,
    status status NOT NULL,
    diverted boolean NOT NULL,
    crew_notes text NOT NULL,
    crew_called_at timestamptz NOT NULL
);
INSERT INTO flights
SELECT
    n,
    (ARRAY['AA', 'B6', 'UA'])[1 + n % 3],
    CASE WHEN n % 7 = 0 THEN NULL ELSE n % 50 END,
    n * 1.5,
    n + 0.123456789012,
    timestamptz '2013-01-01 00:00Z' + n * interval '1 hour',
    date '2013-01-01' + n / 24,
    (ARRAY['scheduled', 'departed', 'cancelled'])[1 + n % 3]::status,
    n % 10 = 0,
    'SECRET-NOTE-' || n,
    timestamptz '2013-01-01 00:00Z'
FROM generate_series(1, 300) AS n;

CREATE TABLE "or""der $1 🛫; --" ("sel'ect" integer, "$1" text, "group" text, "🛫" text);
INSERT INTO "or""der $1 🛫; --" VALUES (1, 'one', 'g', 'up'), (2, 'two', 'g', 'down');

CREATE TABLE payroll (employee text, salary numeric);
INSERT INTO payroll VALUES ('SECRET-NAME', 1);

CREATE VIEW naps AS SELECT n AS id, pg_sleep(60)::text AS nap FROM generate_series(1, 3) AS n;
CREATE VIEW divisions AS SELECT n AS id, 10 / (n - 2) AS quotient FROM generate_series(1, 3) AS n;
CREATE VIEW overflows AS SELECT (n * 2147483647)::int AS number FROM generate_series(1, 3) AS n;
CREATE VIEW broken_texts AS
SELECT CASE WHEN n = 2 THEN 'SECRET-TEXT' ELSE '7' END::int AS number
FROM generate_series(1, 3) AS n;

CREATE TABLE accounts (tenant text NOT NULL, owner text NOT NULL, balance numeric NOT NULL);
INSERT INTO accounts VALUES
    ('acme', 'ann', 1), ('acme', 'bob', 2), ('globex', 'cat', 30), ('globex', 'dan', 40);
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_tenant ON accounts USING (
    tenant = current_setting('prismiq.tenant', true)
    AND owner = coalesce(nullif(current_setting('prismiq.user', true), ''), owner)
);

GRANT USAGE ON SCHEMA public TO http_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO http_reader;
CREATE TABLE locked (id integer);
"""
_ROLE = """
DO $$ BEGIN
    CREATE ROLE http_reader LOGIN;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$
"""
_HIDDEN = SchemaConfig(
    tables={
        "flights": TableConfig(
            columns={
                "crew_notes": ColumnConfig(hidden=True),
                "crew_called_at": ColumnConfig(hidden=True),
            }
        )
    }
)
_EXPOSED = (
    "airlines",
    "flights",
    'or"der $1 🛫; --',
    "naps",
    "divisions",
    "overflows",
    "broken_texts",
    "accounts",
    "locked",
)


@pytest.fixture(scope="module")
async def reader_dsn(module_database: str, module_connection: Any, dsn_for: DsnFor) -> str:
    """The address of the airline database for a role that may only read."""
    await module_connection.execute(_ROLE)
    await module_connection.execute(_TABLES)
    return dsn_for(module_database, "http_reader")


@pytest.fixture(scope="module")
async def engine(reader_dsn: str) -> AsyncIterator[PrismiqEngine]:
    """A running engine over the exposed part of the airline database."""
    running = PrismiqEngine(
        reader_dsn, _EXPOSED, _HIDDEN, max_rows=200, query_timeout=1.0, pool_max_size=4
    )
    async with running:
        yield running


async def _refuse_to_show_the_inside(response: httpx.Response) -> None:
    """Fail on any refusal that tells SQL, driver text, addresses or data."""
    if response.status_code >= 400:
        await response.aread()
        shown = [word for word in _INSIDE if word in response.text]
        assert not shown, f"{shown} in {response.text}"


@pytest.fixture(scope="module")
async def connect() -> AsyncIterator[Connect]:
    """Open a client of an application: ``connect(app)``. It checks that nothing leaks."""
    async with AsyncExitStack() as clients:

        async def open_client(app: FastAPI) -> httpx.AsyncClient:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app),
                base_url="http://test/api",
                event_hooks={"response": [_refuse_to_show_the_inside]},
            )
            return await clients.enter_async_context(client)

        yield open_client


@pytest.fixture(scope="module")
async def client(engine: PrismiqEngine, connect: Connect) -> httpx.AsyncClient:
    """A client of an integrator's application with the routes under ``/api``."""
    app = FastAPI()
    app.include_router(create_router(engine), prefix="/api")
    return await connect(app)


@pytest.fixture(scope="module")
def ask(client: httpx.AsyncClient) -> Ask:
    """Post a query over one table: ``await ask("flights", "carrier", limit=2)``."""

    async def post(
        table: str, *columns: Any, to: str = "/query/execute", **parts: Any
    ) -> httpx.Response:
        selections = [
            column if isinstance(column, dict) else {"table_id": "t", "column": column}
            for column in columns
        ]
        query = {"tables": [{"id": "t", "name": table}], "columns": selections, **parts}
        return await client.post(
            to, content=json.dumps(query), headers={"Content-Type": "application/json"}
        )

    return post
