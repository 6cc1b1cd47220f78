"""A cache in Redis, for all processes."""

import re
from collections.abc import AsyncIterator
from functools import partial
from math import ceil
from typing import Any

from redis.asyncio import RedisCluster

from prismiq.adapters.redis.command import Command, as_bytes
from prismiq.adapters.redis.computation_lease import RedisComputationLease
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.invalidation_bus import RedisInvalidationBus
from prismiq.adapters.redis.table_versions import RedisTableVersions
from prismiq.domain.model.observations import CacheUsage
from prismiq.domain.rules.kept_value import as_kept, from_kept
from prismiq.domain.rules.key_patterns import key_pattern
from prismiq.domain.rules.time_to_live import require_ttl
from prismiq.domain.rules.value_codec import CorruptValueError
from prismiq.ports.computation_lease import ComputationLease
from prismiq.ports.invalidation_bus import InvalidationBus
from prismiq.ports.shared_cache import SharedCache
from prismiq.ports.store_availability import StoreAvailability
from prismiq.ports.table_versions import TableVersions

_GET = Command("GET", None)
_KEYS_PER_SCAN = 500
_SECONDS_PER_SCAN = 2.0
_LONGEST_TTL = 10**14
"""Milliseconds, about 3,000 years. Redis refuses what would overflow its clock."""


class RedisCache(SharedCache):
    """Entries are strings under ``<prefix>entry:<key>``.

    Usable at once: it connects when it is first needed, or when ``connect`` is called to see
    whether that works. Needs the ``redis`` extra.

    Args:
        redis_url: see ``client_for`` for its forms; or a connection to share with others.
        prefix: of all keys. Installations with different prefixes do not see each other. A
            physical copy of a database server (a restored base backup, a cloned disk) cannot be
            told from the original: an engine on it needs a prefix of its own.

    Raises:
        ConfigurationError: the URL is not valid.
    """

    def __init__(self, redis_url: str | RedisConnection, *, prefix: str = "prismiq:") -> None:
        if isinstance(redis_url, RedisConnection):
            self._own_url, self._connection = None, redis_url
        else:
            self._own_url, self._connection = redis_url, RedisConnection.to(redis_url)
        self._installation = prefix
        self._prefix = as_bytes(f"{prefix}entry:")

    def connection_to(self, redis_url: str) -> RedisConnection | None:
        """Return its connection, for others to share, if it was made for this very URL."""
        return self._connection if redis_url == self._own_url else None

    async def connect(self) -> None:
        """Make sure that the store answers.

        Raises:
            StoreUnavailableError: it does not answer yet. Once it does, the cache works.
        """
        await self._connection.connect()

    async def disconnect(self) -> None:
        """Close the connections. A shared connection is closed by who made it."""
        if self._own_url is not None:
            await self._connection.disconnect()

    def table_versions(self) -> TableVersions:
        return RedisTableVersions(self._connection, prefix=self._installation)

    def invalidation_bus(self, topic: str = "tables") -> InvalidationBus:
        return RedisInvalidationBus(self._connection, topic=topic, prefix=self._installation)

    def computation_lease(self) -> ComputationLease:
        return RedisComputationLease(self._connection, prefix=self._installation)

    def availability(self) -> StoreAvailability:
        return self._connection

    async def get(self, key: str) -> Any | None:
        kept = await self._connection.fetch(_GET, self._name(key))
        if kept is None:
            return None
        try:
            return from_kept(kept)
        except CorruptValueError:
            return None

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        name, kept, ttl = self._name(key), as_kept(value), require_ttl(ttl)
        if ttl == 0:
            await self._connection.run(lambda redis: redis.unlink(name))
            return
        expiry = None if ttl is None else min(max(ceil(ttl * 1000), 1), _LONGEST_TTL)
        await self._connection.run(lambda redis: redis.set(name, kept, px=expiry))

    async def delete(self, key: str) -> bool:
        name = self._name(key)
        return bool(await self._connection.run(lambda redis: redis.unlink(name)))

    async def exists(self, key: str) -> bool:
        name = self._name(key)
        return bool(await self._connection.run(lambda redis: redis.exists(name)))

    async def clear(self, pattern: str | None = None) -> int:
        if pattern is None:
            await self._invalidate_everything()
        matches = key_pattern("*" if pattern is None else pattern).fullmatch
        removed = 0
        literal_start = re.split(r"[*?]", pattern or "*")[0]
        async for names in self._pages(_glob(self._name(literal_start))):
            chosen = [name for name in names if matches(self._key(name))]
            removed += await self._remove(chosen)
        return removed

    async def inventory(self) -> CacheUsage:
        entries = used_bytes = 0
        async for names in self._pages(_glob(self._prefix)):
            sizes = await self._sizes(names)
            entries += sum(size > 0 for size in sizes)
            used_bytes += sum(sizes)
        return CacheUsage(used_bytes, entries)

    async def _invalidate_everything(self) -> None:
        """Make copies in the memory of processes unreachable, which know nothing of keys here."""
        await self.table_versions().rotate_all()
        await self.invalidation_bus().publish([TableVersions.EVERYTHING])

    async def _sizes(self, names: list[bytes]) -> list[int]:
        async def measure(redis: Any) -> list[int]:
            pipeline = redis.pipeline(transaction=False)
            for name in names:
                pipeline.execute_command("STRLEN", name)
            return [int(size) for size in await pipeline.execute()]

        return await self._connection.run(measure, seconds=_SECONDS_PER_SCAN) if names else []

    async def _pages(self, glob: bytes) -> AsyncIterator[list[bytes]]:
        for target in await self._connection.run(_scan_targets, seconds=_SECONDS_PER_SCAN):
            cursor = None
            while cursor != 0:
                scan = partial(_scan, cursor or 0, glob, target)
                cursor, names = await self._connection.run(scan, seconds=_SECONDS_PER_SCAN)
                yield names

    async def _remove(self, names: list[bytes]) -> int:
        async def unlink(redis: Any) -> int:
            # One command per key: in a Cluster they are in different slots.
            pipeline = redis.pipeline(transaction=False)
            for name in names:
                pipeline.execute_command("UNLINK", name)
            return sum(await pipeline.execute())

        return await self._connection.run(unlink, seconds=_SECONDS_PER_SCAN) if names else 0

    def _name(self, key: str) -> bytes:
        return self._prefix + as_bytes(key)

    def _key(self, name: bytes) -> str:
        return name[len(self._prefix) :].decode("utf-8", "surrogatepass")


async def _scan_targets(redis: Any) -> list[dict[str, Any]]:
    """Return what sends SCAN to each of the servers that hold keys."""
    if not isinstance(redis, RedisCluster):
        return [{}]
    await redis.initialize()
    return [{"target_nodes": node} for node in redis.get_primaries()]


async def _scan(
    cursor: int, glob: bytes, target: dict[str, Any], redis: Any
) -> tuple[int, list[bytes]]:
    following, names = await redis.scan(cursor, match=glob, count=_KEYS_PER_SCAN, **target)
    # A Cluster tells the cursor of each server that was asked.
    return (following if isinstance(following, int) else next(iter(following.values()))), names


def _glob(literal: bytes) -> bytes:
    """Return a pattern for Redis: whatever begins like this.

    More of our pattern is not passed on: its ``?`` is a character and that of Redis a byte, and
    many stars would keep the server busy for very long.
    """
    special = b"*?[]\\^-"
    escaped = (b"\\%c" % byte if byte in special else b"%c" % byte for byte in literal)
    return b"".join(escaped) + b"*"
