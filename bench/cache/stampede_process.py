"""One of several processes that want the same answer: a cache, addresses, how many callers."""

import asyncio
import sys

import uvloop

from bench.cache.peers import PEERS_AGAINST_STAMPEDES, ours
from bench.cache.stampedes import stampede
from prismiq.entrypoints.engine import PrismiqEngine


async def main(name: str, dsn: str, redis_url: str, callers: str) -> None:
    cache = {"ours": ours, **PEERS_AGAINST_STAMPEDES}[name]
    async with (
        PrismiqEngine(dsn, pool_acquire_timeout=60, slow_query_ms=60_000) as engine,
        cache(dsn, engine.execute_json, redis_url) as kept,
    ):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(await stampede(kept.ask, int(callers)), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
