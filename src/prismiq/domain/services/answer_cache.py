"""Answers are kept, shared while they are computed, and never served after an invalidation.

The version tokens of all tables an answer depends on are read before it is computed, and kept
with it. It is served only while they are still the same. So an invalidation needs to know no
entries, and a computation that was under way when it happened cannot undo it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import NamedTuple

from prismiq.domain.model.cached_answer import CacheEntry, CacheOutcome, CachePolicy, MissReason
from prismiq.domain.model.errors import (
    DatabaseUnavailableError,
    PrismiqError,
    QueryTimeoutError,
    SchemaChangedError,
    StoreUnavailableError,
    TooManyQueriesError,
)
from prismiq.domain.model.observations import CacheTier, CacheUsage
from prismiq.domain.model.present_versions import PresentVersions
from prismiq.domain.model.result import EncodedResult
from prismiq.domain.rules.freshness import Freshness
from prismiq.domain.services.current_client import RENEWALS, OwnWork, working
from prismiq.domain.services.failed_renewals import FailedRenewals
from prismiq.domain.services.kept_answers import KeptAnswers, Look
from prismiq.domain.services.known_versions import KnownVersions
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.domain.services.shared_flights import SharedFlights
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock
from prismiq.ports.entry_memory import EntryMemory
from prismiq.ports.metrics_sink import MetricsSink

Compute = Callable[[], Awaitable[EncodedResult]]


class Question(NamedTuple):
    """What is asked.

    Args:
        key: the name of the answer; see ``domain.rules.cache_key``.
        tables: names of all tables the answer depends on; see ``domain.rules.dependencies``.
        compute: asks the database.
        ttl: seconds to keep the answer, instead of the policy's.
        client: who is counted for the computation; None: nobody is.
    """

    key: str
    tables: frozenset[str]
    compute: Compute
    ttl: float | None
    client: str | None = None

    def shares(self, error: Exception) -> bool:
        """Whether an error of the same computation on behalf of somebody else is ours too.

        That a client has too many queries running is about this client alone.
        """
        return not isinstance(error, TooManyQueriesError) or error.client == self.client


class Answer(NamedTuple):
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
        memory: keeps answers in this process, ready to be served.
        shared: keeps them for all processes; None where there is only this one.
        versions: tell whether they are valid.
        clock: tells how old they are.
        policy: how long they are kept.
        chance: returns random numbers, more than 0 and at most 1.
        metrics: is told of shared flights and of failed writes. Who calls reports the answers.
        leased: makes one of several processes compute; None where there is only one.
    """

    def __init__(
        self,
        memory: EntryMemory,
        shared: CacheBackend | None,
        versions: KnownVersions,
        clock: Clock,
        *,
        policy: CachePolicy,
        chance: Callable[[], float],
        metrics: MetricsSink,
        leased: LeasedComputation | None = None,
    ) -> None:
        self._kept = KeptAnswers(memory, shared, clock, policy=policy, chance=chance)
        self._versions = versions
        self._clock = clock
        self._metrics = metrics
        self._leased = leased
        self._flights: SharedFlights[Answer] = SharedFlights()
        self._renewals: set[asyncio.Task[None]] = set()
        self._failed_renewals = FailedRenewals(clock)

    async def start(self) -> None:
        """Hear what other processes invalidate. Until then they are noticed within a bound."""
        await self._versions.__aenter__()

    def usage(self) -> CacheUsage:
        return self._kept.usage()

    @property
    def waiting(self) -> int:
        """How many callers wait for an answer that is being computed."""
        return self._flights.waiting

    def kept_answer(self, question: Question) -> Answer | None:
        """Return the answer if it is a hit in memory. It waits for nothing."""
        present = self._versions.known(question.tables)
        if present is None:
            return None
        look = self._kept.look_here(question.key, present)
        return self._hit(question, look) if look.reason is None else None

    async def answer(self, question: Question) -> Answer:
        """Return the kept answer, or compute it. Raises whatever ``compute`` raises."""
        look = await self.look(question)
        self._kept.promote(question.key, look)
        if look.reason is None:
            return self._hit(question, look)
        if look.usable is None:
            return await self._computed(question, look)
        try:
            return await self._computed(question, look)
        except SchemaChangedError:
            raise  # the kept answer is about tables that are no more
        except (DatabaseUnavailableError, QueryTimeoutError):
            return Answer(CacheOutcome.STALE, entry=look.entry, tier=look.tier, reason=look.reason)

    async def look(self, question: Question) -> Look:
        """Return what is kept, without computing, renewing or moving anything."""
        present = self._versions.known(question.tables)
        if present is None:
            present = await self._versions.present(question.tables)
        return await self._kept.look(question.key, present)

    async def fresh_answer(self, question: Question) -> Answer:
        """Compute the answer now, whatever is kept or being computed, and keep it."""
        present = await self._versions.present(question.tables)
        answer = await self._compute_and_keep(question, present)
        return Answer(CacheOutcome.BYPASS, result=answer.result)

    async def keep(
        self, question: Question, result: EncodedResult, present: PresentVersions | None
    ) -> None:
        """Keep an answer that the caller has computed.

        Args:
            question: what it answers.
            result: the answer.
            present: as ``look`` found it before it was computed; None: as it is now.
        """
        if present is None:
            present = await self._versions.present(question.tables)
        created_at = self._clock.unix_seconds()
        await self._keep(question, result, present, created_at, result.execution_time_ms / 1000)

    async def invalidate(self, tables: frozenset[str]) -> int:
        """Make every answer that depends on one of the tables unreachable.

        Returns an upper bound of how many there were; see ``KnownVersions.rotate``.
        """
        return await self._versions.rotate(tables)

    async def invalidate_all(self) -> int:
        """Make every answer unreachable."""
        return await self._versions.rotate_all()

    async def close(self) -> None:
        """Stop what is under way, and listening. It can be started again."""
        for renewal in self._renewals:
            renewal.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)
        await self._flights.close()
        await self._versions.__aexit__(None, None, None)

    def _hit(self, question: Question, look: Look) -> Answer:
        renewing = look.freshness is not Freshness.FRESH and self._renews(question, look)
        return Answer(CacheOutcome.HIT, None, look.entry, look.tier, None, renewing)

    async def _computed(self, question: Question, look: Look) -> Answer:
        """Compute, or join those who compute the same since the last invalidation."""
        name = _name(question, look.present)
        if name in self._flights:
            self._metrics.flight_joined()
        compute = partial(self._compute_once, question, look)
        answer = await self._flights.join(name, compute, shares=question.shares)
        return answer if answer.outcome is CacheOutcome.HIT else answer._replace(reason=look.reason)

    async def _compute_once(self, question: Question, seen: Look) -> Answer:
        present = seen.present
        if self._leased is None or not present.is_shared:
            return await self._compute_and_keep(question, present)
        oldest = -inf if seen.usable is None else seen.usable.created_at

        async def look() -> Answer | None:
            found = await self._kept.look_elsewhere(question.key, present, anew=True)
            if found.usable is None or found.usable.created_at <= oldest:
                return None
            self._kept.promote(question.key, found)
            return Answer(CacheOutcome.HIT, entry=found.entry, tier=found.tier)

        compute = partial(self._compute_and_keep, question, present)
        return await self._leased.run(_name(question, present), compute, look)

    async def _compute_and_keep(self, question: Question, present: PresentVersions) -> Answer:
        created_at, started = self._clock.unix_seconds(), self._clock.monotonic()
        result = await question.compute()
        seconds = self._clock.monotonic() - started
        await self._keep(question, result, present, created_at, seconds)
        return Answer(CacheOutcome.MISS, result=result)

    async def _keep(
        self,
        question: Question,
        result: EncodedResult,
        present: PresentVersions,
        created_at: float,
        seconds: float,
    ) -> None:
        if question.ttl == 0 or not self._kept.takes(result):
            return
        entry = self._kept.entry_of(result, present, created_at, seconds, ttl=question.ttl)
        self._kept.keep_here(question.key, entry, present)
        if not present.is_shared:
            return
        counted = self._versions.count_entry(question.tables)
        kept = self._kept.keep_elsewhere(question.key, entry)
        outcomes = await asyncio.gather(counted, kept, return_exceptions=True)
        errors = [outcome for outcome in outcomes if outcome is not None]
        for error in errors:
            if not isinstance(error, StoreUnavailableError):
                raise error
        if errors:
            self._metrics.cache_write_failed()

    def _renews(self, question: Question, look: Look) -> bool:
        """Begin to renew an answer, unless that is under way or has failed a moment ago."""
        name = _name(question, look.present)
        if name in self._flights:
            return True
        if name in self._failed_renewals:
            return False
        own = question._replace(client=RENEWALS)
        with working(OwnWork.RENEWAL):
            renewal = asyncio.create_task(self._renewed(own, look))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)
        return True

    async def _renewed(self, question: Question, look: Look) -> None:
        try:
            await self._computed(question, look)
        except PrismiqError:  # the kept answer stands in until its time is over
            self._failed_renewals.add(_name(question, look.present))


def _name(question: Question, present: PresentVersions) -> str:
    return f"{question.key}:{present.name}"
