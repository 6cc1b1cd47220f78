"""Decisions of limiters."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1
from itertools import count

from bench.case import Case, Servers
from bench.limiter_peers import Decide, limits_library, pyrate, throttled_py
from bench.turns import Round, rates, repeated
from bench.verdict import Verdict
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter

_SPEC = RateLimitConfig()
_CLIENTS = 100_000
_PEERS: dict[str, Callable[[RateLimitConfig], Decide]] = {
    "limits": limits_library,
    "pyrate-limiter": pyrate,
    "throttled-py": throttled_py,
}


def _clients() -> list[str]:
    clients = [f"ip:10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(_CLIENTS)]
    random.Random(7).shuffle(clients)
    return clients


class InProcessDecision:
    """Three windows, 100,000 clients who are known already, no header fields."""

    what = "limit decision, in process"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        clients = _clients()
        rivals: dict[str, Decide] = {"ours": RateLimiter(_SPEC).decide}
        rivals |= {name: make(_SPEC) for name, make in _PEERS.items()}
        found = await rates({name: repeated(call, clients) for name, call in rivals.items()})
        return [
            Verdict(
                what=self.what,
                floor_name=name,
                unit="decisions/s",
                ours=found["ours"],
                floor=found[name],
                target=5,
                at_least=True,
            )
            for name in _PEERS
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
        verdict = Verdict(
            what=self.what,
            floor_name="EVALSHA of a no-op",
            unit="decisions/s",
            ours=found["ours"],
            floor=found["no-op"],
            target=0.8,
            at_least=True,
        )
        return [verdict]

    def _round(self, ask: Callable[[str], Awaitable[object]]) -> Round:
        clients = _clients()[:10_000]

        async def run() -> int:
            numbers = count()

            async def caller() -> None:
                for number in numbers:
                    if number >= len(clients):
                        return
                    await ask(clients[number])

            await asyncio.gather(*(caller() for _ in range(self._callers)))
            return len(clients)

        return run


CASES: Sequence[Case] = (InProcessDecision(), RedisDecision(1), RedisDecision(32))
