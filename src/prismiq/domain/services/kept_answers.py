"""Reading, judging and writing the answers that are kept: in memory, and in a shared store.

Neither tier is told of invalidations or of what the other does. An entry is valid wherever it
lies, as long as its versions are the present ones.
"""

from collections.abc import Callable, Mapping
from math import inf, isinf
from typing import NamedTuple

from prismiq.domain.model.cached_answer import CacheEntry, CachePolicy, MissReason
from prismiq.domain.model.observations import CacheTier, CacheUsage
from prismiq.domain.model.present_versions import PresentVersions
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.rules.cache_entry import entry_of
from prismiq.domain.rules.freshness import Freshness, freshness, is_surely_fresh, jittered
from prismiq.domain.services.shared_entries import SharedEntries
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock
from prismiq.ports.entry_memory import EntryMemory
from prismiq.ports.table_versions import TableVersions

_LARGEST_HEAD = 1024 * 1024
"""Bytes of a body around its rows: names and types of columns take a tenth of it."""
_OVER = frozenset({Freshness.DEAD, Freshness.STALE_IF_ERROR})


class Look(NamedTuple):
    """What is kept for a question, and what may be done with it."""

    present: PresentVersions
    entry: CacheEntry | None
    """What was found, also where it cannot be served; inflated where it can."""
    freshness: Freshness
    """DEAD for what cannot be served."""
    reason: MissReason | None
    """Why it would not be a hit."""
    tier: CacheTier | None = None
    """Where the entry was found."""

    @property
    def versions(self) -> Mapping[str, str]:
        """The present versions of all tables and, under ``*``, of everything."""
        tokens = {name: token.decode() for name, token in self.present.tables}
        return {TableVersions.EVERYTHING: self.present.everything.decode(), **tokens}

    @property
    def usable(self) -> CacheEntry | None:
        """The entry, if it can be served at least while the database fails."""
        return None if self.freshness is Freshness.DEAD else self.entry


class KeptAnswers:
    """Entries in the memory of this process, and behind it in a store that processes share.

    Args:
        memory: keeps them here.
        shared: keeps them for all processes; None where there is only this one.
        clock: tells how old they are.
        policy: how long they are kept.
        chance: returns random numbers, more than 0 and at most 1.
    """

    def __init__(
        self,
        memory: EntryMemory,
        shared: CacheBackend | None,
        clock: Clock,
        *,
        policy: CachePolicy,
        chance: Callable[[], float],
    ) -> None:
        self._memory = memory
        self._shared: SharedEntries | None = None
        if shared is not None:
            self._shared = SharedEntries(
                shared,
                compress_from=policy.compress_from,
                max_body_bytes=policy.max_entry_bytes + _LARGEST_HEAD,
            )
        self._clock = clock
        self._policy = policy
        self._chance = chance

    def usage(self) -> CacheUsage:
        """Return what the memory of this process holds."""
        return self._memory.usage() if isinstance(self._memory, CacheGauge) else CacheUsage(0, 0)

    def look_here(self, key: str, present: PresentVersions) -> Look:
        """Return what is in the memory of this process."""
        entry = self._memory.find(key)
        if entry is None:
            return Look(present, None, Freshness.DEAD, MissReason.ABSENT)
        return self._judged(entry, present, CacheTier.MEMORY)

    async def look(self, key: str, present: PresentVersions) -> Look:
        """Return the best of what is in memory and, where that is no hit, in the shared store."""
        here = self.look_here(key, present)
        if here.reason is None or self._shared is None:
            return here
        there = await self.look_elsewhere(key, present)
        if there.usable is None:
            return there if here.entry is None else here
        is_older = here.usable is not None and here.usable.created_at > there.usable.created_at
        return here if is_older else there

    async def look_elsewhere(
        self, key: str, present: PresentVersions, *, anew: bool = False
    ) -> Look:
        """Return what is in the shared store. It costs one call at most; see ``SharedEntries``."""
        if self._shared is None or not present.is_shared:
            return Look(present, None, Freshness.DEAD, MissReason.STORE_UNAVAILABLE)
        found = await self._shared.read(key, present, anew=anew)
        if isinstance(found, MissReason):
            return Look(present, None, Freshness.DEAD, found)
        return self._judged(found, present, CacheTier.SHARED)

    def promote(self, key: str, look: Look) -> None:
        """Keep what was found elsewhere in memory too."""
        if look.tier is CacheTier.SHARED and look.usable is not None:
            self._hold(key, look.usable, look.present, self._policy.max_stale)

    def takes(self, result: EncodedResult) -> bool:
        """Return whether the answer is small enough to be kept."""
        return len(result.batch.rows_json) <= self._policy.max_entry_bytes

    def entry_of(
        self,
        result: EncodedResult,
        present: PresentVersions,
        created_at: float,
        seconds: float,
        *,
        ttl: float | None,
    ) -> CacheEntry:
        """Return an answer as it is kept.

        Args:
            result: what the database said.
            present: the versions before it was asked.
            created_at: when that was, in Unix seconds.
            seconds: how long it took.
            ttl: seconds to keep it; None is no expiry.
        """
        lifetime = min(inf if ttl is None else ttl, present.lifetime)
        soft = jittered(lifetime * (1 - self._policy.renewal_share), self._chance())
        return entry_of(
            result,
            created_at=created_at,
            soft_expiry=created_at + soft,
            hard_expiry=created_at + lifetime,
            compute_seconds=seconds,
            epoch=present.everything,
            versions=dict(present.tables),
        )

    def keep_here(self, key: str, entry: CacheEntry, present: PresentVersions) -> None:
        """Keep the entry in memory until it could not even stand in for a failing database.

        What was computed while the shared store was away never stands in: it may have been
        invalidated elsewhere.
        """
        max_stale = self._policy.max_stale if present.is_shared else 0.0
        self._hold(key, entry, present, max_stale)

    async def keep_elsewhere(self, key: str, entry: CacheEntry) -> None:
        """Keep the entry in the shared store, for as long.

        Raises:
            StoreUnavailableError: it could not be written.
        """
        if self._shared is not None:
            lifetime = entry.hard_expiry - entry.created_at
            ttl = None if isinf(lifetime) else lifetime + self._policy.max_stale
            await self._shared.write(key, entry, ttl)

    def _hold(
        self, key: str, entry: CacheEntry, present: PresentVersions, max_stale: float
    ) -> None:
        other = self._memory.find(key)
        if other is entry:
            return  # those who read together have one
        is_older = other is not None and other.created_at > entry.created_at
        if other is None or not is_older or not present.validate(other):
            seconds = entry.hard_expiry + max_stale - self._clock.unix_seconds()
            self._memory.hold(key, entry, max(seconds, 0.0))

    def _judged(self, entry: CacheEntry, present: PresentVersions, tier: CacheTier) -> Look:
        if not present.validate(entry):
            return Look(present, entry, Freshness.DEAD, MissReason.INVALIDATED, tier)
        now = self._clock.unix_seconds()
        delta, beta = entry.compute_seconds, self._policy.beta
        if is_surely_fresh(
            now=now, soft_expiry=entry.soft_expiry, compute_seconds=delta, beta=beta
        ):
            return Look(present, entry, Freshness.FRESH, None, tier)  # as nearly always
        verdict = freshness(
            now=now,
            soft_expiry=entry.soft_expiry,
            hard_expiry=entry.hard_expiry,
            max_stale=self._policy.max_stale,
            compute_seconds=delta,
            beta=beta,
            chance=self._chance(),
        )
        reason = MissReason.EXPIRED if verdict in _OVER else None
        return Look(present, entry, verdict, reason, tier)
