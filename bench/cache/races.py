"""An invalidation while the answer is being computed: is the old answer kept all the same?"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.cache.opened import computations, opened
from bench.cache.peers import PEERS, Kept
from bench.cache.questions import slow
from bench.case import Case, Servers
from bench.verdict import Observation
from prismiq.domain.model.query import QueryDefinition

_IS_COMPUTING = """
SELECT EXISTS (
  SELECT FROM pg_stat_activity
  WHERE state = 'active' AND pid <> pg_backend_pid() AND query ILIKE '%count(distinct%'
)
"""

_TOO_FAST = "the database was too fast: nothing was invalidated meanwhile"


@dataclass(frozen=True)
class InvalidatedMeanwhile:
    with_redis: bool

    @property
    def what(self) -> str:
        where = "Redis" if self.with_redis else "memory"
        return f"old answer after a fill, {where}"

    async def measure(self, servers: Servers) -> list[Observation]:
        redis_url = servers.redis_url if self.with_redis else None
        watching = await asyncpg.connect(servers.dsn)
        async with opened(servers.dsn, redis_url, PEERS) as caches:
            found = {name: await _serves_old(kept, watching) for name, kept in caches.items()}
        await watching.close()
        return [
            Observation(
                self.what,
                unit="yes or no",
                ours=found["ours"],
                target=False,
                floor_name=name,
                floor=found[name],
            )
            for name in PEERS
        ]


async def _serves_old(kept: Kept, watching: Any) -> bool:
    query = slow()
    computing = asyncio.ensure_future(kept.ask(query))
    while not await watching.fetchval(_IS_COMPUTING):
        if computing.done():
            raise RuntimeError(_TOO_FAST)
    await kept.invalidate()
    if not await watching.fetchval(_IS_COMPUTING):
        raise RuntimeError(_TOO_FAST)
    await computing
    before = computations()
    await kept.ask(query)
    serves_old = computations() == before
    await _require_invalidation(kept, query)
    return serves_old


async def _require_invalidation(kept: Kept, query: QueryDefinition) -> None:
    """Make sure that it does invalidate when nothing else happens: else the race shows nothing."""
    await kept.invalidate()
    before = computations()
    await kept.ask(query)
    if computations() == before:
        raise RuntimeError("an invalidation without any race did nothing")


CASES: Sequence[Case] = (InvalidatedMeanwhile(False), InvalidatedMeanwhile(True))
