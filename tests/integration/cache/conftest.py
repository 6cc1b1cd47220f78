"""Engines that keep answers, in memory or in a Redis that several of them share."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import httpx
import pytest
from dependency_injector import providers
from fastapi import FastAPI, Request

from prismiq import InMemoryCache, PrismiqEngine, RedisCache, Scope, create_router
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.system.clock import SystemClock
from prismiq.entrypoints.container import EngineContainer

TOKEN = "of-the-operators"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}

OpenEngine: TypeAlias = Callable[..., Awaitable[PrismiqEngine]]
OpenClient: TypeAlias = Callable[..., Awaitable[httpx.AsyncClient]]


class MovedClock(SystemClock):
    """The time of the system, and what a test adds to it."""

    def __init__(self) -> None:
        self._added = 0.0

    def advance(self, seconds: float) -> None:
        self._added += seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._added)

    def unix_seconds(self) -> float:
        return super().unix_seconds() + self._added

    def monotonic(self) -> float:
        return super().monotonic() + self._added


@pytest.fixture
def clock() -> MovedClock:
    """The clock of engines that are given it: ``await open_engine(dsn, clock=clock)``."""
    return MovedClock()


@pytest.fixture
async def opened() -> AsyncIterator[AsyncExitStack]:
    """What is closed when the test is over."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def prefix() -> str:
    """A prefix that no other test uses."""
    return f"{secrets.token_hex(4)}:"


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> str:
    """Where answers are kept: a test that takes this runs once with each."""
    return str(request.param)


async def start_engine(
    stack: AsyncExitStack, dsn: str, exposed: Any = None, config: Any = None, **options: Any
) -> PrismiqEngine:
    """Start an engine that ends with the stack; ``redis`` and ``prefix`` say where it keeps.

    Those on one Redis are as two processes: each has a memory of its own in front of it.
    """
    redis, prefix = options.pop("redis", None), options.pop("prefix", "")
    clock = options.pop("clock", None) or SystemClock()
    cache: Any = InMemoryCache(clock=clock)
    if redis is not None:
        # A deadline for busy machines; tests about outages have the usual one.
        connection = RedisConnection.to(redis, deadline=2.0, connect_timeout=5.0)
        await connection.connect()
        stack.push_async_callback(connection.disconnect)
        cache = RedisCache(connection, prefix=prefix)
    with EngineContainer.clock.override(providers.Object(clock)):
        engine = PrismiqEngine(dsn, exposed, config, cache=cache, **{"pool_max_size": 4, **options})
    return await stack.enter_async_context(engine)


@pytest.fixture
def open_engine(opened: AsyncExitStack, request: pytest.FixtureRequest, prefix: str) -> OpenEngine:
    """Start an engine of one test: ``await open_engine(dsn, ["t"], store="redis")``."""

    async def open_one(dsn: str, *what: Any, store: str = "memory", **options: Any) -> Any:
        if store == "redis":
            options = {"redis": request.getfixturevalue("redis_url"), "prefix": prefix, **options}
        return await start_engine(opened, dsn, *what, **options)

    return open_one


def tenant_of(request: Request) -> Scope:
    """Believe our own gateway's header, as an integrator might."""
    return Scope(tenant=request.headers.get("x-tenant", "default"))


async def start_client(stack: AsyncExitStack, engine: PrismiqEngine) -> httpx.AsyncClient:
    """Open a client of an engine's routes in an integrator's application."""
    app = FastAPI()
    app.include_router(create_router(engine, scope=tenant_of, admin_token=TOKEN), prefix="/api")
    transport = httpx.ASGITransport(app=app)
    client = httpx.AsyncClient(transport=transport, base_url="http://test/api")
    return await stack.enter_async_context(client)


@pytest.fixture
def open_client(opened: AsyncExitStack) -> OpenClient:
    """Open a client of one test: ``await open_client(engine)``."""

    async def open_one(engine: PrismiqEngine) -> httpx.AsyncClient:
        return await start_client(opened, engine)

    return open_one
