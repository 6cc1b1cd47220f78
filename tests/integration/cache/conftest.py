"""Engines that keep answers, in memory or in a Redis that several of them share."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI, Request

from prismiq import InMemoryCache, PrismiqEngine, RedisCache, Scope, create_router

TOKEN = "of-the-operators"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}

OpenEngine: TypeAlias = Callable[..., Awaitable[PrismiqEngine]]
OpenClient: TypeAlias = Callable[..., Awaitable[httpx.AsyncClient]]


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
    """Where answers are kept: the tests run once with each."""
    return str(request.param)


@pytest.fixture
def open_engine(opened: AsyncExitStack, request: pytest.FixtureRequest, prefix: str) -> OpenEngine:
    """Start an engine: ``await open_engine(dsn, ["t"], store="redis")``.

    Those with ``store="redis"`` are as two processes on the same Redis: each has a memory of its
    own in front of it.
    """

    async def open_one(
        dsn: str, exposed: Any = None, config: Any = None, *, store: str = "memory", **options: Any
    ) -> PrismiqEngine:
        cache: Any = InMemoryCache()
        if store == "redis":
            cache = RedisCache(request.getfixturevalue("redis_url"), prefix=prefix)
            await cache.connect()
            opened.push_async_callback(cache.disconnect)
        options = {"pool_max_size": 4, **options}
        engine = PrismiqEngine(dsn, exposed, config, cache=cache, **options)
        return await opened.enter_async_context(engine)

    return open_one


def tenant_of(request: Request) -> Scope:
    """Believe our own gateway's header, as an integrator might."""
    return Scope(tenant=request.headers.get("x-tenant", "default"))


@pytest.fixture
def open_client(opened: AsyncExitStack) -> OpenClient:
    """Open a client of an engine's routes in an integrator's application."""

    async def open_one(engine: PrismiqEngine) -> httpx.AsyncClient:
        app = FastAPI()
        router = create_router(engine, scope=tenant_of, admin_token=TOKEN)
        app.include_router(router, prefix="/api")
        transport = httpx.ASGITransport(app=app)
        client = httpx.AsyncClient(transport=transport, base_url="http://test/api")
        return await opened.enter_async_context(client)

    return open_one
