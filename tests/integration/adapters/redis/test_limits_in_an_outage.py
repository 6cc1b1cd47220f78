"""A limited application under load while its Redis freezes and comes back."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Send

from prismiq.adapters.http.rate_limit_middleware import RateLimitMiddleware
from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.adapters.system.clock import SystemClock
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.services.outage_policies import (
    OutagePolicy,
    closed_policy,
    local_share_policy,
    open_policy,
)
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter

LIMITS = RateLimitConfig(burst_limit=8, requests_per_minute=8, requests_per_hour=8)
CLOCK = SystemClock()
WORKERS = 20
DEADLINE = 1.0
"""Seconds; longer than a busy machine delays a request that waits for nothing."""


@dataclass
class Load:
    """Clients who ask again and again, each request as somebody new unless told otherwise."""

    app: Any
    address: str | None = None
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    since: float = 0.0
    asked: int = 0
    progress: asyncio.Event = field(default_factory=asyncio.Event)

    async def worker(self) -> None:
        while True:
            self.asked += 1
            started, sent = time.monotonic(), list[Message]()
            await self.app(self._request(), _no_body, _into(sent))
            if started >= self.since:
                self.statuses[sent[0]["status"]] += 1
                self.slowest = max(self.slowest, time.monotonic() - started)
            self.progress.set()
            await asyncio.sleep(0)  # an answer that waited for nothing lets nobody else run

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self.progress.clear()
                await self.progress.wait()

    def begin_anew(self) -> None:
        """Look at requests that begin from now on only."""
        self.since = time.monotonic()
        self.statuses.clear()
        self.slowest = 0.0

    def _request(self) -> dict[str, Any]:
        address = self.address or str(IPv4Address(self.asked))
        return {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [],
            "client": (address, 1),
        }


async def _no_body() -> Message:
    return {"type": "http.request", "body": b""}


def _into(messages: list[Message]) -> Send:
    async def send(message: Message) -> None:
        messages.append(message)

    return send


@asynccontextmanager
async def under_load(limiter: SharedRateLimiter, address: str | None = None) -> AsyncIterator[Load]:
    load = Load(RateLimitMiddleware(PlainTextResponse("ok"), limiter), address)
    workers = [asyncio.create_task(load.worker()) for _ in range(WORKERS)]
    try:
        yield load
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (open_policy(LIMITS), 200),
        (closed_policy(LIMITS), 503),
        (local_share_policy(InMemoryLimitStore(LIMITS.share(2), CLOCK)), 200),
    ],
    ids=["open", "closed", "local share"],
)
async def test_a_frozen_store_costs_one_deadline_and_then_nothing(
    start_redis: Any, policy: OutagePolicy, status: int
) -> None:
    server = start_redis()
    connection = RedisConnection.to(server.url, deadline=DEADLINE)
    limiter = SharedRateLimiter(RedisLimitStore(connection, LIMITS), CLOCK, policy)
    async with under_load(limiter) as load:
        await load.until(lambda: load.statuses[200] >= 100)

        server.process.send_signal(signal.SIGSTOP)
        await load.until(lambda: limiter.outage_decisions >= 2 * WORKERS)
        assert load.slowest < 3 * DEADLINE  # one deadline, and a machine that is shared
        load.begin_anew()
        await load.until(lambda: load.statuses.total() >= 200)
        assert set(load.statuses) == {status}
        assert load.slowest < DEADLINE, "a request has waited for the store"

        server.process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(5):
            await connection.available()
        load.begin_anew()
        decided = limiter.outage_decisions
        await load.until(lambda: load.statuses.total() - (limiter.outage_decisions - decided) > 100)
    await connection.disconnect()


async def test_a_process_alone_holds_a_client_to_its_share(start_redis: Any) -> None:
    server = start_redis()
    connection = RedisConnection.to(server.url)
    share = InMemoryLimitStore(LIMITS.share(2), CLOCK)
    limiter = SharedRateLimiter(
        RedisLimitStore(connection, LIMITS), CLOCK, local_share_policy(share)
    )
    server.process.send_signal(signal.SIGSTOP)
    async with under_load(limiter, "198.51.100.7") as load:
        await load.until(lambda: load.statuses.total() >= 200)
        assert load.statuses[200] == 4
        assert set(load.statuses) == {200, 429}
    await connection.disconnect()
