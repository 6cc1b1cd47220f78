"""Which parts keep answers, for whichever backend there is."""

from random import random

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.memory.table_versions import InMemoryTableVersions
from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.entrypoints.options import EngineOptions
from prismiq.entrypoints.settings import Settings
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.shared_cache import SharedCache


def cache_policy(options: EngineOptions) -> CachePolicy:
    """Return how long answers are kept."""
    return CachePolicy(ttl=options.cache_ttl, max_stale=options.cache_max_stale)


def answer_cache(backend: CacheBackend, policy: CachePolicy, clock: Clock) -> AnswerCache:
    """Return a cache of answers in a backend.

    A backend that processes share brings along what keeps them in step. Any other belongs to this
    process alone.
    """
    if not isinstance(backend, SharedCache):
        return AnswerCache(backend, InMemoryTableVersions(), clock, policy=policy, chance=_chance)
    leased = LeasedComputation(backend.computation_lease(), clock)
    return AnswerCache(
        backend, backend.table_versions(), clock, policy=policy, chance=_chance, leased=leased
    )


def _chance() -> float:
    return 1.0 - random()  # noqa: S311 - it only spreads renewals over time


def cache_for(settings: Settings) -> CacheBackend | None:
    """Return where a server with these settings keeps answers: in Redis, or in its memory.

    Raises:
        ConfigurationError: the URL of Redis is not valid.
    """
    if settings.cache_ttl == 0:
        return None
    if settings.redis_url is None:
        return InMemoryCache(max_bytes=settings.cache_max_bytes)
    from prismiq.adapters.redis.cache import RedisCache  # noqa: PLC0415 - the driver is an extra

    return RedisCache(settings.redis_url.get_secret_value())


async def close_cache(cache: CacheBackend | None) -> None:
    """Close the connections of a cache that has some."""
    if isinstance(cache, SharedCache):
        await cache.disconnect()
