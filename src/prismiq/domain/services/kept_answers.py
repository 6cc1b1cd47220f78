"""Reading, judging and writing the answers that are kept."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, isinf

from prismiq.domain.model.cached_answer import CacheEntry, CachePolicy, MissReason
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.observations import CacheTier, CacheUsage
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.rules.cache_entry import deflate, entry_of, inflate
from prismiq.domain.rules.cache_envelope import pack, unpack
from prismiq.domain.rules.freshness import Freshness, freshness, jittered
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock
from prismiq.ports.table_versions import TableVersions

_LARGE = 256 * 1024
"""Bytes from which compression is left to a thread."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept for a question, and what may be done with it."""

    versions: Mapping[str, str] | None
    """The present versions of all tables and of everything; None: it cannot tell."""
    entry: CacheEntry | None
    """What was found, also where it cannot be served; inflated where it can."""
    freshness: Freshness
    """DEAD for what cannot be served."""
    reason: MissReason | None
    """Why it would not be a hit."""
    tier: CacheTier | None = None
    """Where the entry was found."""


class KeptAnswers:
    """Entries in a backend.

    Args:
        backend: keeps them.
        clock: tells how old they are.
        policy: how long they are kept.
        chance: returns random numbers, more than 0 and at most 1.
    """

    def __init__(
        self,
        backend: CacheBackend,
        clock: Clock,
        *,
        policy: CachePolicy,
        chance: Callable[[], float],
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._policy = policy
        self._chance = chance

    def usage(self) -> CacheUsage:
        """Return what the memory of this process holds."""
        return self._backend.usage() if isinstance(self._backend, CacheGauge) else CacheUsage(0, 0)

    async def look(self, key: str, versions: Mapping[str, str]) -> Look:
        """Return what is kept under a key, judged by the present versions."""

        def missed(reason: MissReason, entry: CacheEntry | None = None) -> Look:
            tier = None if entry is None else CacheTier.SHARED
            return Look(versions, entry, Freshness.DEAD, reason, tier)

        try:
            data = await self._backend.get(key)
        except StoreUnavailableError:
            return missed(MissReason.STORE_UNAVAILABLE)
        if data is None:
            return missed(MissReason.ABSENT)
        entry = unpack(data) if isinstance(data, bytes) else None
        if entry is None:
            return missed(MissReason.CORRUPT)
        if not _is_valid(entry, versions):
            return missed(MissReason.INVALIDATED, entry)
        plain = inflate(entry)
        if plain is None:
            return missed(MissReason.CORRUPT)
        verdict = self._freshness(plain)
        is_over = verdict in {Freshness.DEAD, Freshness.STALE_IF_ERROR}
        reason = MissReason.EXPIRED if is_over else None
        return Look(versions, plain, verdict, reason, CacheTier.SHARED)

    def takes(self, result: EncodedResult) -> bool:
        """Return whether the answer is small enough to be kept."""
        return len(result.batch.rows_json) <= self._policy.max_entry_bytes

    def entry_of(
        self,
        result: EncodedResult,
        versions: Mapping[str, str],
        created_at: float,
        seconds: float,
        *,
        ttl: float | None,
    ) -> CacheEntry:
        """Return an answer as it is kept.

        Args:
            result: what the database said.
            versions: as they were before it was asked.
            created_at: when that was, in Unix seconds.
            seconds: how long it took.
            ttl: seconds to keep it; None is no expiry.
        """
        lifetime = inf if ttl is None else ttl
        soft = jittered(lifetime * (1 - self._policy.renewal_share), self._chance())
        tokens = {name: token.encode() for name, token in versions.items()}
        return entry_of(
            result,
            created_at=created_at,
            soft_expiry=created_at + soft,
            hard_expiry=created_at + lifetime,
            compute_seconds=seconds,
            epoch=tokens.pop(TableVersions.EVERYTHING),
            versions=tokens,
        )

    async def keep(self, key: str, entry: CacheEntry) -> None:
        """Keep the entry until it could not even stand in for a database that fails.

        Raises:
            StoreUnavailableError: it could not be written.
        """
        lifetime = entry.hard_expiry - entry.created_at
        ttl = None if isinf(lifetime) else lifetime + self._policy.max_stale
        await self._backend.set(key, await self._packed(entry), ttl)

    def _freshness(self, entry: CacheEntry) -> Freshness:
        return freshness(
            now=self._clock.now().timestamp(),
            soft_expiry=entry.soft_expiry,
            hard_expiry=entry.hard_expiry,
            max_stale=self._policy.max_stale,
            compute_seconds=entry.compute_seconds,
            beta=self._policy.beta,
            chance=self._chance(),
        )

    async def _packed(self, entry: CacheEntry) -> bytes:
        if not self._policy.compresses:
            return pack(entry)
        if entry.body_size < _LARGE:
            return pack(deflate(entry))
        return await asyncio.to_thread(lambda: pack(deflate(entry)))


def _is_valid(entry: CacheEntry, versions: Mapping[str, str]) -> bool:
    tokens = {name: token.encode() for name, token in versions.items()}
    return entry.epoch == tokens.pop(TableVersions.EVERYTHING) and dict(entry.versions) == tokens
