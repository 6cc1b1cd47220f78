"""The ready-made server and its kept answers, as clients see them over HTTP.

``open_site`` runs it in this process, on a clock that stands still unless a test moves it.
``start_server`` starts a process of its own, for tests about connections and outages.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from dependency_injector import providers
from fastapi import FastAPI
from tests.integration.cli.serving import COMMAND, Command, serving
from tests.integration.served import patient_command
from tests.unit.conftest import ManualClock

from prismiq import PrismiqEngine, Settings, create_app
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.entrypoints.container import EngineContainer

pytest.register_assert_rewrite("tests.integration.served.outcomes")

TOKEN = "of-the-operators"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
EXECUTE = "/api/query/execute"

OpenSite: TypeAlias = Callable[..., Awaitable["Site"]]


def select(table: str, *columns: str, **parts: Any) -> dict[str, Any]:
    """Return a query over one table: ``select("orders", "amount", limit=2)``."""
    return {
        "tables": [{"id": "t", "name": table}],
        "columns": [{"table_id": "t", "column": column} for column in columns],
        **parts,
    }


@dataclass(frozen=True)
class Client:
    """Asks a server, as callers and operators do."""

    http: httpx.AsyncClient

    async def ask(self, query: Any, **headers: str) -> httpx.Response:
        """Post a query, or a body as it is."""
        body = {"content": query} if isinstance(query, bytes) else {"json": query}
        sent = {"Content-Type": "application/json", **headers}
        return await self.http.post(EXECUTE, headers=sent, **body)

    async def outcome(self, query: Any) -> tuple[str, Any]:
        """Return where the answer to a query came from, and its rows."""
        response = await self.ask(query)
        assert response.status_code == 200, response.text
        return response.headers["x-cache"], response.json()["rows"]

    async def invalidate(self, table: str | None) -> int:
        """Invalidate a table, or everything; return the number of answers that is told."""
        response = await self.http.post(
            "/api/cache/invalidate", json={"table": table}, headers=OPERATOR
        )
        assert response.status_code == 200, response.text
        return int(response.json()["invalidated"])

    async def state(self, query: Any) -> tuple[str, str | None]:
        """Return what the cache knows of a query, and where it keeps the answer."""
        response = await self.http.post("/api/query/cache/explain", json=query, headers=OPERATOR)
        assert response.status_code == 200, response.text
        return response.json()["state"], response.json()["tier"]

    async def stats(self) -> dict[str, Any]:
        """Return the counts of the process that answers."""
        response = await self.http.get("/api/cache/stats", headers=OPERATOR)
        found: dict[str, Any] = response.json()
        return found


@dataclass(frozen=True)
class Site(Client):
    """The server in this process."""

    app: FastAPI

    @property
    def engine(self) -> PrismiqEngine:
        engine: PrismiqEngine = self.app.state.engine
        return engine


@dataclass(frozen=True)
class Server(Client):
    """A server in a process of its own."""

    port: int
    process: subprocess.Popen[bytes]


@pytest.fixture
def clock() -> ManualClock:
    """The clock of all sites of a test."""
    return ManualClock()


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    """What is closed when the test is over."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> str:
    """Where answers are kept: a test that takes this runs once with each."""
    return str(request.param)


@pytest.fixture
def open_site(
    opened: AsyncExitStack, clock: ManualClock, request: pytest.FixtureRequest
) -> OpenSite:
    """Serve in this process: ``await open_site(dsn, store="redis", cache_ttl=100)``."""

    async def open_one(dsn: str, *, store: str = "memory", **settings: Any) -> Site:
        if store == "redis":
            settings = {"redis_url": request.getfixturevalue("redis_url"), **settings}
        return await start_site(opened, dsn, clock, **settings)

    return open_one


async def start_site(stack: AsyncExitStack, dsn: str, clock: ManualClock, **settings: Any) -> Site:
    """Serve in this process until the stack is left, with patience for Redis."""
    app = make_app(dsn, clock, **settings)
    await stack.enter_async_context(app.router.lifespan_context(app))
    return Site(await stack.enter_async_context(client_of(app)), app)


def make_app(dsn: str, clock: ManualClock, **settings: Any) -> FastAPI:
    """Return the ready-made server on a clock, for operators who have a token."""
    defaults = {"admin_token": TOKEN, "rate_limit_enabled": False, "pool_max_size": 4}
    with (
        pytest.MonkeyPatch.context() as patch,
        EngineContainer.clock.override(providers.Object(clock)),
    ):
        for name, seconds in patient_command.PATIENT.items():
            patch.setitem(RedisConnection.to.__kwdefaults__ or {}, name, seconds)
        return create_app(Settings(database_url=dsn, **{**defaults, **settings}))


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that is answered whatever the application raises."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def start_server(
    stack: AsyncExitStack, directory: Path, dsn: str, *, patient: bool = False, **settings: str
) -> Server:
    """Start a server that ends with the stack; a patient one waits longer for its Redis."""
    command: Command = (sys.executable, patient_command.__file__) if patient else (COMMAND,)
    settings = {"PRISMIQ_ADMIN_TOKEN": TOKEN, "PRISMIQ_DRAIN_SECONDS": "0", **settings}
    running = stack.enter_context(serving(directory, dsn, command=command, **settings))
    http = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{running.port}",
        timeout=60,
        trust_env=False,
        limits=httpx.Limits(max_connections=50),
    )
    return Server(await stack.enter_async_context(http), running.port, running.process)
