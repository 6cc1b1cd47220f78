"""Answers are kept, shared while they are computed, and never served after an invalidation.

The version tokens of all tables an answer depends on are read before it is computed, and kept
with it. It is served only while they are still the same. So an invalidation needs to know no
entries, and a computation that was under way when it happened cannot undo it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from prismiq.domain.model.cached_answer import CacheEntry, CacheOutcome, CachePolicy, MissReason
from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    PrismiqError,
    QueryTimeoutError,
    SchemaChangedError,
    StoreUnavailableError,
)
from prismiq.domain.model.observations import CacheTier, CacheUsage
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.rules.freshness import Freshness
from prismiq.domain.services.kept_answers import KeptAnswers, Look
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.domain.services.shared_flights import SharedFlights
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock
from prismiq.ports.table_versions import TableVersions

Compute = Callable[[], Awaitable[EncodedResult]]


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
    tier: CacheTier | None = None
    """Where it was kept; None for one that was computed."""
    reason: MissReason | None = None
    """Why no kept answer was served as a hit."""
    renewing: bool = False
    """Whether it is being renewed in the background."""


class AnswerCache(CacheGauge):
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
        self._kept = KeptAnswers(backend, clock, policy=policy, chance=chance)
        self._versions = versions
        self._clock = clock
        self._leased = leased
        self._flights: SharedFlights[Answer] = SharedFlights()
        self._renewals: set[asyncio.Task[None]] = set()
        self._generation = 0

    def usage(self) -> CacheUsage:
        return self._kept.usage()

    @property
    def waiting(self) -> int:
        """How many callers wait for an answer that is being computed."""
        return self._flights.waiting

    async def answer(self, question: Question) -> Answer:
        """Return the kept answer, or compute it. Raises whatever ``compute`` raises."""
        look = await self.look(question)
        if look.freshness is Freshness.DEAD:
            return await self._computed(question, look)
        if look.freshness is Freshness.STALE_IF_ERROR:
            try:
                return await self._computed(question, look)
            except SchemaChangedError:
                raise  # the kept answer is about tables that are no more
            except (DatabaseUnavailableError, QueryTimeoutError):
                return _kept(look, CacheOutcome.STALE)
        renewing = look.freshness is not Freshness.FRESH
        if renewing:
            self._renew(question, look)
        return _kept(look, CacheOutcome.HIT, renewing=renewing)

    async def look(self, question: Question) -> Look:
        """Return what is kept, without computing or renewing anything."""
        versions = await self._present_versions(question)
        if versions is None:
            return Look(None, None, Freshness.DEAD, MissReason.STORE_UNAVAILABLE)
        return await self._kept.look(question.key, versions)

    async def fresh_answer(self, question: Question) -> Answer:
        """Compute the answer now, whatever is kept, and keep it."""
        versions = await self._present_versions(question)
        answer = await self._compute_and_keep(question, versions)
        return Answer(CacheOutcome.BYPASS, result=answer.result)

    async def keep(
        self, question: Question, result: EncodedResult, versions: Mapping[str, str] | None
    ) -> None:
        """Keep an answer that the caller has computed.

        Args:
            question: what it answers.
            result: the answer.
            versions: as ``look`` found them before it was computed; None: as they are now.
        """
        if versions is None:
            versions = await self._present_versions(question)
        if versions is not None and question.ttl != 0:
            now = self._clock.now().timestamp()
            seconds = result.execution_time_ms / 1000
            await self._keep(question, result, versions, now, seconds)

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

    async def _present_versions(self, question: Question) -> Mapping[str, str] | None:
        try:
            return await self._versions.read(question.tables)
        except StoreUnavailableError:
            return None

    async def _computed(self, question: Question, look: Look) -> Answer:
        """Compute, or join those who compute the same since the last invalidation."""
        work = partial(self._compute_once, question, look)
        answer = await self._flights.join(self._flight_name(question, look.versions), work)
        return answer if answer.outcome is CacheOutcome.HIT else replace(answer, reason=look.reason)

    def _flight_name(self, question: Question, versions: Mapping[str, str] | None) -> str:
        return f"{question.key}:{self._generation}:{_joined(versions or {})}"

    async def _compute_once(self, question: Question, seen: Look) -> Answer:
        versions = seen.versions
        if self._leased is None or versions is None:
            return await self._compute_and_keep(question, versions)
        usable = None if seen.freshness is Freshness.DEAD else seen.entry
        oldest = -inf if usable is None else usable.created_at

        async def look() -> Answer | None:
            found = await self._kept.look(question.key, versions)
            entry = None if found.freshness is Freshness.DEAD else found.entry
            is_newer = entry is not None and entry.created_at > oldest
            return _kept(found, CacheOutcome.HIT) if is_newer else None

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
        if not self._kept.takes(result):
            return
        entry = self._kept.entry_of(result, versions, created_at, seconds, ttl=question.ttl)
        try:
            await self._versions.count_entry(question.tables)
            await self._kept.keep(question.key, entry)
        except StoreUnavailableError:
            return

    def _renew(self, question: Question, look: Look) -> None:
        if self._flight_name(question, look.versions) in self._flights:
            return
        renewal = asyncio.create_task(self._renewed(question, look))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)

    async def _renewed(self, question: Question, look: Look) -> None:
        try:
            await self._computed(question, look)
        except PrismiqError:
            return  # the kept answer stands in until its time is over


def _kept(look: Look, outcome: CacheOutcome, *, renewing: bool = False) -> Answer:
    reason = None if outcome is CacheOutcome.HIT else look.reason
    return Answer(outcome, entry=look.entry, tier=look.tier, reason=reason, renewing=renewing)


def _joined(versions: Mapping[str, str]) -> str:
    return ",".join(sorted(versions.values()))
