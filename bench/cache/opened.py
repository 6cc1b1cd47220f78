"""Our cache and its peers, opened side by side, and how often the database was asked for them."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis

from bench.cache.peers import Kept, Opened, ours
from prismiq import metrics
from prismiq.entrypoints.engine import PrismiqEngine

_SUCCESSES = re.compile(
    r'^prismiq_queries_total\{[^}]*status="success"[^}]*\} (\S+)$', re.MULTILINE
)


@asynccontextmanager
async def opened(
    dsn: str, redis_url: str | None, peers: Mapping[str, Opened]
) -> AsyncIterator[dict[str, Kept]]:
    """Open ``ours`` and all peers on an empty store. The peers compute with an uncached engine."""
    async with AsyncExitStack() as stack:
        if redis_url is not None:
            redis = await stack.enter_async_context(Redis.from_url(redis_url))
            await redis.flushall()
            stack.push_async_callback(redis.flushall)
        engine = await stack.enter_async_context(
            PrismiqEngine(dsn, pool_acquire_timeout=60, slow_query_ms=60_000)
        )
        yield {
            name: await stack.enter_async_context(cache(dsn, engine.execute_json, redis_url))
            for name, cache in {"ours": ours, **peers}.items()
        }


def computations() -> int:
    """Return how many queries the database has answered in this process."""
    found = _SUCCESSES.search(metrics.format_prometheus())
    return int(float(found[1])) if found else 0
