"""Hits by a call in Python: everything between a query in hand and the bytes of its answer.

Timed by the processor time of this process, which others on the machine take none of.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import cycle, islice

from bench.cache.opened import opened
from bench.cache.peers import COPIES_HERE, PEERS, Ask, Opened
from bench.cache.questions import small
from bench.cache.redis_only import memory_finds_nothing
from bench.case import Case, Servers
from bench.turns import Round, rates
from bench.verdict import Verdict
from prismiq.domain.model.query import QueryDefinition

_QUERIES = 200
_CALLERS_OF_REDIS = 16


@dataclass(frozen=True)
class Hits:
    """Answers to 200 queries.

    Args:
        what: the name of the rows.
        peers: who else is asked.
        objects: so many stand for the queries. More than 200 means that others are equal ones.
        asks: in one round.
        with_redis: whether that is the store, with 16 callers at once.
        from_redis: whether every answer of ours has to come from there.
    """

    what: str
    peers: Mapping[str, Opened]
    objects: int
    asks: int
    with_redis: bool = False
    from_redis: bool = False

    async def measure(self, servers: Servers) -> list[Verdict]:
        queries = [small(number % _QUERIES) for number in range(self.objects)]
        redis_url = servers.redis_url if self.with_redis else None
        memory = memory_finds_nothing if self.from_redis else nullcontext()
        with memory:
            async with opened(servers.dsn, redis_url, self.peers) as caches:
                for kept in caches.values():
                    for query in queries[:_QUERIES]:
                        await kept.ask(query)
                rounds = {name: self._round(kept.ask, queries) for name, kept in caches.items()}
                found = await rates(rounds, time.process_time)
        return [
            Verdict.of(
                self.what,
                floor_name=name,
                unit="hits/s of CPU",
                ours=found["ours"],
                floor=found[name],
                target=1,
            )
            for name in self.peers
        ]

    def _round(self, ask: Ask, queries: Sequence[QueryDefinition]) -> Round:
        async def run() -> int:
            waiting = islice(cycle(queries), self.asks)

            async def caller() -> None:
                for query in waiting:
                    await ask(query)

            callers = _CALLERS_OF_REDIS if self.with_redis else 1
            await asyncio.gather(*(caller() for _ in range(callers)))
            return self.asks

        return run


CASES: tuple[Case, ...] = (
    Hits("hit in memory, same objects", PEERS, objects=_QUERIES, asks=10_000),
    Hits("hit in memory, equal queries", PEERS, objects=10_000, asks=10_000),
    Hits(
        "hit in Redis, equal queries",
        PEERS,
        objects=4_000,
        asks=4_000,
        with_redis=True,
        from_redis=True,
    ),
    Hits("hit in a copy of Redis's here", COPIES_HERE, objects=4_000, asks=4_000, with_redis=True),
)
