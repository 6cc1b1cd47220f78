"""Which parts keep answers, for whichever backend there is."""

from math import inf
from random import random
from uuid import uuid4

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.memory.invalidation_bus import InMemoryInvalidationBus
from prismiq.adapters.memory.store_availability import AlwaysAvailable
from prismiq.adapters.memory.table_versions import InMemoryTableVersions
from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.entrypoints.metering import report_outages
from prismiq.entrypoints.options import EngineOptions
from prismiq.entrypoints.settings import Settings
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.entry_memory import EntryMemory
from prismiq.ports.metrics_sink import MetricsSink
from prismiq.ports.shared_cache import SharedCache


def cache_policy(options: EngineOptions) -> CachePolicy:
    """Return how long answers are kept."""
    return CachePolicy(ttl=options.cache_ttl, max_stale=options.cache_max_stale)


def answer_cache(
    backend: CacheBackend,
    policy: CachePolicy,
    clock: Clock,
    metrics: MetricsSink,
    *,
    memory_bytes: int = 64 * 1024 * 1024,
) -> AnswerCache:
    """Return a cache of answers in a backend.

    A backend that processes share brings along what keeps them in step. Any other belongs to this
    process alone. Where it is not in memory itself, ``memory_bytes`` are put in front of it.
    """
    leased = None
    if isinstance(backend, SharedCache):
        versions = _shared_versions(backend, clock)
        leased = LeasedComputation(backend.computation_lease(), clock)
        report_outages(backend.availability(), "cache", metrics)
    else:
        versions = _own_versions(clock)
    memory: EntryMemory = InMemoryCache(max_bytes=memory_bytes, clock=clock)
    behind: CacheBackend | None = backend
    if isinstance(backend, EntryMemory):
        memory, behind = backend, None
    return AnswerCache(
        memory,
        behind,
        versions,
        clock,
        policy=policy,
        chance=_chance,
        metrics=metrics,
        leased=leased,
    )


def _shared_versions(backend: SharedCache, clock: Clock) -> KnownVersions:
    return KnownVersions(
        backend.table_versions(),
        backend.invalidation_bus(),
        backend.availability(),
        clock,
        new_token=_new_token,
    )


def _own_versions(clock: Clock) -> KnownVersions:
    return KnownVersions(
        InMemoryTableVersions(),
        InMemoryInvalidationBus(),
        AlwaysAvailable(),
        clock,
        new_token=_new_token,
        max_age=inf,
    )


def _new_token() -> str:
    return uuid4().hex


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
