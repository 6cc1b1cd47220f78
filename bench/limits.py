"""Decisions of limiters."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from hashlib import sha1
from itertools import count

from bench.case import Case, Servers
from bench.limiter_rival import OURS, RIVALS, clients, running_rival
from bench.turns import Round, rates
from bench.verdict import Verdict
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.domain.model.rate_limits import RateLimitConfig

_SPEC = RateLimitConfig()
_ROUNDS = 5
"""Each takes seconds, and goes by processor time, which hardly differs."""


class InProcessDecision:
    """Three windows, 100,000 clients who are known already, no header fields."""

    what = "limit decision, in process"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        found: dict[str, list[float]] = {name: [] for name in RIVALS}
        with ExitStack() as running:
            rivals = {name: running.enter_context(running_rival(name)) for name in RIVALS}
            for _ in range(_ROUNDS):
                for name, rival in rivals.items():
                    found[name].append(rival.decisions_per_second())
        return [
            Verdict.of(
                self.what,
                floor_name=name,
                unit="decisions/s",
                ours=found[OURS],
                floor=found[name],
                target=5,
            )
            for name in RIVALS
            if name != OURS
        ]


class RedisDecision:
    """One process with so many decisions under way at once."""

    def __init__(self, callers: int) -> None:
        self.what = f"limit decision, Redis, {callers} at once"
        self._callers = callers

    async def measure(self, servers: Servers) -> Sequence[Verdict]:
        connection = RedisConnection.to(servers.redis_url, deadline=5.0)
        await connection.connect()
        try:
            store = RedisLimitStore(connection, _SPEC)
            client = connection.client
            text = "return 1"
            await client.execute_command("SCRIPT LOAD", text)
            sha = sha1(text.encode(), usedforsecurity=False).hexdigest()
            found = await rates(
                {
                    "ours": self._round(lambda name: store.take(name, 1)),
                    "no-op": self._round(
                        lambda name: client.execute_command("EVALSHA", sha, 1, name)
                    ),
                }
            )
        finally:
            await connection.disconnect()
        verdict = Verdict.of(
            self.what,
            floor_name="EVALSHA of a no-op",
            unit="decisions/s",
            ours=found["ours"],
            floor=found["no-op"],
            target=0.8,
        )
        return [verdict]

    def _round(self, ask: Callable[[str], Awaitable[object]]) -> Round:
        names = clients()[:10_000]

        async def run() -> int:
            numbers = count()

            async def caller() -> None:
                for number in numbers:
                    if number >= len(names):
                        return
                    await ask(names[number])

            await asyncio.gather(*(caller() for _ in range(self._callers)))
            return len(names)

        return run


CASES: Sequence[Case] = (InProcessDecision(), RedisDecision(1), RedisDecision(32))
