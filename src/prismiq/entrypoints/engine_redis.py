"""The way of an engine to Redis."""

from contextlib import suppress
from typing import Any

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.entrypoints.options import EngineOptions
from prismiq.entrypoints.redis_extra import shared_stores
from prismiq.ports.cache_backend import CacheBackend


class EngineRedis:
    """One connection for all that an engine and its server keep in Redis, or none.

    Where the cache is in the same Redis, it is the cache's: one set of sockets, and one breaker,
    so that what the cache notices of an outage costs the limits nothing. Then it is closed by who
    made the cache.

    Args:
        options: with the URL, or without.
        cache: where answers are kept.

    Raises:
        ConfigurationError: there is a URL and no driver.
    """

    def __init__(self, options: EngineOptions, cache: CacheBackend | None) -> None:
        self._connection: Any = None  # of a type that needs the extra
        self._is_own = False
        if options.redis_url is not None:
            stores, url = shared_stores(), options.redis_url.get_secret_value()
            of_cache = stores.connection_of(cache, url)
            self._is_own = of_cache is None
            self._connection = stores.connection_to(url) if of_cache is None else of_cache

    @property
    def connection(self) -> Any:
        """The connection, a ``RedisConnection``; None where there is no Redis."""
        return self._connection

    async def open(self) -> None:
        """Connect. Redis may be away: it is asked until it answers."""
        if self._connection is not None:
            with suppress(StoreUnavailableError):
                await self._connection.connect()

    async def close(self) -> None:
        """Disconnect, unless the connection is the cache's."""
        if self._is_own:
            await self._connection.disconnect()
