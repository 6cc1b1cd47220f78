"""A whole server whose Redis freezes: limits go on as configured, are counted, and recover."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import httpx
import pytest

from prismiq import Settings, create_app

LIMIT, REPLICAS = 6, 2
STORES = ("cache", "limits", "query_slots")
Ask: TypeAlias = Callable[[str], Awaitable[httpx.Response]]


class Server:
    """A server, its Redis, and visitors who come from any address."""

    def __init__(self, app: Any, redis: Any) -> None:
        self.app = app
        self.redis = redis
        self._connection = app.state.engine.redis_connection
        self._connection._deadline = 1.0  # a busy machine is not an outage

    async def ask(self, address: str, path: str = "/api/tables") -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    async def statuses(self, address: str, count: int) -> list[int]:
        return [(await self.ask(address)).status_code for _ in range(count)]

    async def metric(self, name: str, **labels: str) -> float:
        text = (await self.ask("192.0.2.1", "/metrics")).text
        inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        found = re.search(rf"^{name}{{{re.escape(inside)}}} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    async def decided(self, outcome: str) -> float:
        name = "prismiq_limit_decisions_total"
        return await self.metric(name, policy="default", outcome=outcome)

    async def breakers(self) -> set[float]:
        return {await self.metric("prismiq_breaker_open", store=store) for store in STORES}

    async def freeze(self) -> None:
        """Freeze Redis, and return when the server has noticed."""
        self.redis.process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(20):
            while self._connection.is_available:
                await self.ask("192.0.2.2")

    async def thaw(self) -> None:
        """Let Redis go on, and return when the server has noticed: after 5 seconds at most."""
        self.redis.process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(5):
            await self._connection.available()


@pytest.fixture
async def serve(reader_dsn: str, start_redis: Any) -> AsyncIterator[Callable[..., Any]]:
    """Start a server: ``await serve(rate_limit_outage="open")``."""
    async with AsyncExitStack() as running:

        async def start(**settings: Any) -> Server:
            redis = start_redis()
            limits = dict.fromkeys(("burst", "per_minute", "per_hour"), LIMIT)
            app = create_app(
                Settings(
                    database_url=reader_dsn,
                    redis_url=redis.url,
                    rate_limit_enabled=True,
                    rate_limit_replicas=REPLICAS,
                    queries_per_client=2,
                    **{f"rate_limit_{name}": limit for name, limit in limits.items()},
                    **settings,
                )
            )
            await running.enter_async_context(app.router.lifespan_context(app))
            return Server(app, redis)

        yield start


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("open", [200] * 10),
        ("closed", [503] * 10),
        ("local_share", [200] * (LIMIT // REPLICAS) + [429] * 7),
    ],
)
async def test_a_frozen_redis_is_told_to_scrapers_and_the_policy_decides(
    serve: Callable[..., Awaitable[Server]], policy: str, expected: list[int]
) -> None:
    server = await serve(rate_limit_outage=policy)
    assert await server.statuses("198.51.100.1", 4) == [200] * 4

    await server.freeze()
    assert await server.breakers() == {1.0}
    before = [await server.decided(outcome) for outcome in ("outage_allowed", "outage_denied")]
    assert await server.statuses("198.51.100.2", 10) == expected
    after = [await server.decided(outcome) for outcome in ("outage_allowed", "outage_denied")]
    admitted = expected.count(200)
    assert [now - then for now, then in zip(after, before, strict=True)] == [
        *(admitted, 10 - admitted)
    ]
    if policy == "closed":
        refusal = await server.ask("198.51.100.3")
        assert refusal.json()["code"] == "rate_limit_unavailable"
        assert refusal.headers["retry-after"] == "1"
    assert (await server.ask("198.51.100.3", "/health/live")).status_code == 200

    await server.thaw()
    assert await server.breakers() == {0.0}
    # What was used before the outage is still used, and what happened in it is not counted.
    assert await server.statuses("198.51.100.1", 4) == [200] * 2 + [429] * 2
    assert await server.statuses("198.51.100.2", 8) == [200] * 6 + [429] * 2
