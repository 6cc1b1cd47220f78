"""Which entries stay: hit ratios on the same accesses, popular ones among scans."""

from collections.abc import Awaitable, Callable, Sequence

import aiocache
import cashews
from fastapi_cache.backends.inmemory import InMemoryBackend

from bench.cache.accesses import POPULAR, SKEW, accesses
from bench.case import Case, Servers
from bench.verdict import Row, Verdict
from prismiq.adapters.memory.cache import InMemoryCache

_CAPACITY = 1_000
_VALUE = b"x" * 200

Get = Callable[[str], Awaitable[object]]
Set = Callable[[str, bytes], Awaitable[object]]


async def hit_ratio(keys: Sequence[str], get: Get, put: Set) -> float:
    """Return the share of accesses to popular keys that were hits."""
    hits = 0
    for key in keys:
        if await get(key) is None:
            await put(key, _VALUE)
        else:
            hits += 1
    return hits / POPULAR


class HitRatio:
    """At most 1,000 entries of the same size; peers without a bound keep them all."""

    what = f"hit ratio, Zipf {SKEW} and scans"

    async def measure(self, _servers: Servers) -> list[Row]:
        keys = accesses()
        ours = InMemoryCache(max_entries=_CAPACITY)
        found = await hit_ratio(keys, ours.get, ours.set)
        lru = cashews.Cache()
        lru.setup(f"mem://?size={_CAPACITY}&check_interval=0")
        unbounded = aiocache.SimpleMemoryCache()
        backend = InMemoryBackend()
        expiring = lambda key, value: backend.set(key, value, 3600)  # noqa: E731 - as its setters
        held = len(set(keys))  # entries
        peers = {
            f"cashews, LRU of {_CAPACITY:,}": (lru.get, lru.set, 1.0),
            f"aiocache, {held:,} kept": (unbounded.get, unbounded.set, None),
            f"fastapi-cache2, {held:,} kept": (backend.get, expiring, None),
        }
        rows: list[Row] = [
            Verdict(
                self.what,
                floor_name=name,
                unit=f"hits of {POPULAR:,}",
                ours=found,
                floor=await hit_ratio(keys, get, put),
                target=target,
                at_least=True,
            )
            for name, (get, put, target) in peers.items()
        ]
        await lru.close()
        await backend.clear(namespace="")
        return rows


CASES: Sequence[Case] = (HitRatio(),)
