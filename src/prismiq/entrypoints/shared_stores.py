"""What lives in Redis. Imported only where a Redis is configured: the driver is an extra."""

from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.adapters.redis.query_slots import RedisQuerySlots
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.limit_store import LimitStore
from prismiq.ports.query_slots import QuerySlots

_LIMITS = "prismiq:limits:"


def connection_to(redis_url: str) -> RedisConnection:
    """Return the way to a Redis, which is not connected yet."""
    return RedisConnection.to(redis_url)


def connection_of(cache: CacheBackend | None, redis_url: str) -> RedisConnection | None:
    """Return the connection of a cache that is in this very Redis."""
    return cache.connection_to(redis_url) if isinstance(cache, RedisCache) else None


def limit_store(connection: RedisConnection, limits: RateLimitConfig, policy: str) -> LimitStore:
    """Return the buckets of one policy."""
    return RedisLimitStore(connection, limits, prefix=f"{_LIMITS}{policy}:")


def query_slots(connection: RedisConnection) -> QuerySlots:
    """Return the places of running queries."""
    return RedisQuerySlots(connection)
