"""Answers are kept, shared while they are computed, and never served after an invalidation.

The version tokens of all tables an answer depends on are read before it is computed, and kept
with it. It is served only while they are still the same. So an invalidation needs to know no
entries, and a computation that was under way when it happened cannot undo it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf

from prismiq.domain.model.cached_answer import CacheOutcome, CachePolicy, MissReason
from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    PrismiqError,
    QueryTimeoutError,
    SchemaChangedError,
    StoreUnavailableError,
)
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.rules.cache_entry import CacheEntry, deflate, entry_of, inflate
from prismiq.domain.rules.cache_envelope import pack, unpack
from prismiq.domain.rules.freshness import Freshness, freshness, jittered
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.domain.services.shared_flights import SharedFlights
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock
from prismiq.ports.table_versions import TableVersions

Compute = Callable[[], Awaitable[EncodedResult]]

_LARGE = 256 * 1024
"""Bytes from which compression is left to a thread."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Args:
        key: the name of the answer; see ``domain.rules.cache_key``.
        tables: names of all tables the answer depends on; see ``domain.rules.dependencies``.
        compute: asks the database.
        ttl: seconds to keep the answer, instead of the policy's.
    """

    key: str
    tables: frozenset[str]
    compute: Compute
    ttl: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was computed now (``result``) or kept before (``entry``, inflated)."""

    outcome: CacheOutcome
    result: EncodedResult | None = None
    entry: CacheEntry | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """What the cache knows: the present versions (None: it cannot tell) and a usable entry."""

    versions: Mapping[str, str] | None
    entry: CacheEntry | None
    freshness: Freshness
    reason: MissReason | None


class AnswerCache:
    """Serves kept answers, and has the others computed once.

    A cache that fails is never the reason that a query fails: what cannot be read is a miss, what
    cannot be written is counted.

    Args:
        backend: keeps the answers.
        versions: tell whether they are valid.
        clock: tells how old they are.
        policy: how long they are kept.
        chance: returns random numbers, more than 0 and at most 1.
        leased: makes one of several processes compute; None where there is only one.
    """

    def __init__(
        self,
        backend: CacheBackend,
        versions: TableVersions,
        clock: Clock,
        *,
        policy: CachePolicy,
        chance: Callable[[], float],
        leased: LeasedComputation | None = None,
    ) -> None:
        self._backend = backend
        self._versions = versions
        self._clock = clock
        self._policy = policy
        self._chance = chance
        self._leased = leased
        self._flights: SharedFlights[Answer] = SharedFlights()
        self._renewals: set[asyncio.Task[None]] = set()
        self._generation = 0

    async def answer(self, question: Question) -> Answer:
        """Return the kept answer, or compute it. Raises whatever ``compute`` raises."""
        look = await self._look(question)
        entry = look.entry
        if entry is None or look.freshness is Freshness.DEAD:
            return await self._computed(question, look)
        if look.freshness is Freshness.STALE_IF_ERROR:
            try:
                return await self._computed(question, look)
            except SchemaChangedError:
                raise  # the kept answer is about tables that are no more
            except (DatabaseUnavailableError, QueryTimeoutError):
                return Answer(CacheOutcome.STALE, entry=entry)
        if look.freshness is not Freshness.FRESH:
            self._renew(question, look)
        return Answer(CacheOutcome.HIT, entry=entry)

    async def fresh_answer(self, question: Question) -> Answer:
        """Compute the answer now, whatever is kept, and keep it."""
        versions = await self._present_versions(question)
        answer = await self._compute_and_keep(question, versions)
        return Answer(CacheOutcome.BYPASS, result=answer.result)

    async def invalidate(self, tables: frozenset[str]) -> int:
        """Make every answer that depends on one of the tables unreachable.

        Returns an upper bound of how many there were; see ``TableVersions.rotate``.
        """
        self._generation += 1
        return await self._versions.rotate(tables)

    async def invalidate_all(self) -> int:
        """Make every answer unreachable."""
        self._generation += 1
        return await self._versions.rotate_all()

    async def close(self) -> None:
        """Stop what is under way."""
        for renewal in self._renewals:
            renewal.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)
        await self._flights.close()

    async def _look(self, question: Question) -> _Look:
        versions = await self._present_versions(question)
        if versions is None:
            return _Look(None, None, Freshness.DEAD, MissReason.STORE_UNAVAILABLE)
        return await self._look_for(question, versions)

    async def _look_for(self, question: Question, versions: Mapping[str, str]) -> _Look:
        def missed(reason: MissReason) -> _Look:
            return _Look(versions, None, Freshness.DEAD, reason)

        try:
            data = await self._backend.get(question.key)
        except StoreUnavailableError:
            return missed(MissReason.STORE_UNAVAILABLE)
        if data is None:
            return missed(MissReason.ABSENT)
        entry = unpack(data) if isinstance(data, bytes) else None
        if entry is None:
            return missed(MissReason.CORRUPT)
        if not _is_valid(entry, versions):
            return missed(MissReason.INVALIDATED)
        verdict = freshness(
            now=self._clock.now().timestamp(),
            soft_expiry=entry.soft_expiry,
            hard_expiry=entry.hard_expiry,
            max_stale=self._policy.max_stale,
            compute_seconds=entry.compute_seconds,
            beta=self._policy.beta,
            chance=self._chance(),
        )
        plain = inflate(entry)
        if plain is None:
            return missed(MissReason.CORRUPT)
        return _Look(versions, plain, verdict, None)

    async def _present_versions(self, question: Question) -> Mapping[str, str] | None:
        try:
            return await self._versions.read(question.tables)
        except StoreUnavailableError:
            return None

    async def _computed(self, question: Question, look: _Look) -> Answer:
        """Compute, or join those who compute the same since the last invalidation."""
        work = partial(self._compute_once, question, look)
        return await self._flights.join(self._flight_name(question, look.versions), work)

    def _flight_name(self, question: Question, versions: Mapping[str, str] | None) -> str:
        return f"{question.key}:{self._generation}:{_joined(versions or {})}"

    async def _compute_once(self, question: Question, seen: _Look) -> Answer:
        versions = seen.versions
        if self._leased is None or versions is None:
            return await self._compute_and_keep(question, versions)
        oldest = -inf if seen.entry is None else seen.entry.created_at

        async def look() -> Answer | None:
            found = await self._look_for(question, versions)
            entry = found.entry
            is_newer = entry is not None and entry.created_at > oldest
            return Answer(CacheOutcome.HIT, entry=entry) if is_newer else None

        compute = partial(self._compute_and_keep, question, versions)
        return await self._leased.run(f"{question.key}:{_joined(versions)}", compute, look)

    async def _compute_and_keep(
        self, question: Question, versions: Mapping[str, str] | None
    ) -> Answer:
        created_at, started = self._clock.now().timestamp(), self._clock.monotonic()
        result = await question.compute()
        seconds = self._clock.monotonic() - started
        if versions is not None and question.ttl != 0:
            await self._keep(question, result, versions, created_at, seconds)
        return Answer(CacheOutcome.MISS, result=result)

    async def _keep(
        self,
        question: Question,
        result: EncodedResult,
        versions: Mapping[str, str],
        created_at: float,
        seconds: float,
    ) -> None:
        if len(result.batch.rows_json) > self._policy.max_entry_bytes:
            return
        ttl = inf if question.ttl is None else question.ttl
        tokens = {name: token.encode() for name, token in versions.items()}
        entry = entry_of(
            result,
            created_at=created_at,
            soft_expiry=created_at
            + jittered(ttl * (1 - self._policy.renewal_share), self._chance()),
            hard_expiry=created_at + ttl,
            compute_seconds=seconds,
            epoch=tokens.pop(TableVersions.EVERYTHING),
            versions=tokens,
        )
        data = await self._packed(entry)
        lifetime = None if question.ttl is None else question.ttl + self._policy.max_stale
        try:
            await self._versions.count_entry(question.tables)
            await self._backend.set(question.key, data, lifetime)
        except StoreUnavailableError:
            return

    async def _packed(self, entry: CacheEntry) -> bytes:
        if not self._policy.compresses:
            return pack(entry)
        if entry.body_size < _LARGE:
            return pack(deflate(entry))
        return await asyncio.to_thread(lambda: pack(deflate(entry)))

    def _renew(self, question: Question, look: _Look) -> None:
        if self._flight_name(question, look.versions) in self._flights:
            return
        renewal = asyncio.create_task(self._renewed(question, look))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)

    async def _renewed(self, question: Question, look: _Look) -> None:
        try:
            await self._computed(question, look)
        except PrismiqError:
            return  # the kept answer stands in until its time is over


def _is_valid(entry: CacheEntry, versions: Mapping[str, str]) -> bool:
    tokens = {name: token.encode() for name, token in versions.items()}
    return entry.epoch == tokens.pop(TableVersions.EVERYTHING) and dict(entry.versions) == tokens


def _joined(versions: Mapping[str, str]) -> str:
    return ",".join(sorted(versions.values()))
