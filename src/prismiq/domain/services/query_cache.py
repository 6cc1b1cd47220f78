"""The cache of answers, in terms of queries: for integrators and operators."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TypeAlias

from prismiq.domain.model.cache_report import CacheExplanation, CacheStats, CacheWarmUp
from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.errors import ConfigurationError, PrismiqError
from prismiq.domain.model.present_versions import PresentVersions
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import QueryResult
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.freshness import Freshness
from prismiq.domain.rules.kept_results import encoded, kept_result
from prismiq.domain.rules.result_decoding import decode_result
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.cache_explanation import UNCACHEABLE, explanation_of
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.current_client import OwnWork, working
from prismiq.domain.services.question_source import QuestionSource
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock

_NOT_HITS = frozenset({Freshness.DEAD, Freshness.STALE_IF_ERROR})
_MOST_SEEN = 64

_Seen: TypeAlias = Mapping[tuple[int, str], PresentVersions]
_seen: ContextVar[_Seen] = ContextVar("prismiq_versions_seen", default=MappingProxyType({}))
"""Versions that the current task has met, by cache and key."""


class QueryCache:
    """Kept answers by query and scope.

    Args:
        answers: keeps them.
        questions: names them.
        statistics: counts.
        gauge: tells what the memory of this process holds.
        clock: tells how old answers are.
        scope: of calls that name none.
    """

    def __init__(
        self,
        answers: AnswerCache,
        questions: QuestionSource,
        statistics: CacheStatistics,
        *,
        gauge: CacheGauge,
        clock: Clock,
        scope: Scope,
    ) -> None:
        self._answers = answers
        self._questions = questions
        self._statistics = statistics
        self._gauge = gauge
        self._clock = clock
        self._scope = scope

    def make_key(self, query: QueryDefinition, *, scope: Scope | None = None) -> str:
        """Return the name of the query's answer: equal questions share it, others never do.

        Raises:
            QueryValidationError: the query does not fit the schema, where that is known.
        """
        return self._questions.key(query, scope or self._scope)

    async def get_result(
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> QueryResult | None:
        """Return the kept answer, or None where there is none that is valid and not too old.

        Raises as ``make_key``.
        """
        question = await self._questions.question(query, scope or self._scope)
        if question is None:
            return None
        look = await self._answers.look(question)
        # What this task computes from now on was begun under these versions.
        latest = list(_seen.get().items())[-_MOST_SEEN:]
        _seen.set({**dict(latest), (id(self), question.key): look.present})
        if look.entry is None or look.freshness in _NOT_HITS:
            return None
        return decode_result(kept_result(look.entry))

    async def cache_result(
        self,
        query: QueryDefinition,
        result: QueryResult,
        ttl: float | None = None,
        *,
        scope: Scope | None = None,
    ) -> None:
        """Keep an answer that the caller has computed.

        Call ``get_result`` first, in the same task and before the answer is computed: an
        invalidation that happens between the two then makes what is kept here invalid at once.
        Without that call, only invalidations from now on do.

        Args:
            query: the question.
            result: the answer.
            ttl: seconds; zero keeps nothing, None is the cache's usual time.
            scope: on whose behalf.

        Raises:
            ValueError: ``ttl`` is negative or not finite. Also raises as ``make_key``.
        """
        question = await self._questions.question(query, scope or self._scope, ttl=ttl)
        if question is not None:
            present = _seen.get().get((id(self), question.key))
            await self._answers.keep(question, encoded(result), present)

    async def invalidate_table(self, table_name: str) -> int:
        """Make all answers that depend on a table unreachable, for every process and tenant.

        Args:
            table_name: ``table`` or ``schema.table``; a view, too, or a partition.

        Returns:
            How many entries that were, at most: some may have expired or been replaced before.
            Zero for a table that nothing depends on.
        """
        count = await self._answers.invalidate(self._questions.version_names(table_name))
        self._statistics.count_invalidation(count)
        return count

    async def invalidate_all(self) -> int:
        """Make all answers unreachable; returns how many entries that were, at most."""
        count = await self._answers.invalidate_all()
        self._statistics.count_invalidation(count)
        return count

    async def explain(
        self, query: QueryDefinition, *, scope: Scope | None = None
    ) -> CacheExplanation:
        """Return what is known of a query's answer. Raises as ``make_key``."""
        question = await self._questions.question(query, scope or self._scope)
        if question is None:
            return UNCACHEABLE
        look = await self._answers.look(question)
        return explanation_of(question, look, self._clock.unix_seconds())

    async def warm(
        self,
        queries: Iterable[QueryDefinition],
        *,
        scope: Scope | None = None,
        concurrency: int = 4,
    ) -> CacheWarmUp:
        """Have the answers computed that are not kept yet.

        Args:
            queries: the questions. One that fails does not stop the others.
            scope: on whose behalf.
            concurrency: how many are computed at once, at most. No client is counted for them.

        Raises:
            ConfigurationError: there is nobody to compute them.
        """
        places = asyncio.Semaphore(concurrency)

        async def outcome(query: QueryDefinition) -> CacheOutcome | None:
            async with places:
                try:
                    question = await self._questions.question(query, scope or self._scope)
                    if question is None:
                        return CacheOutcome.BYPASS
                    return (await self._answers.answer(question)).outcome
                except ConfigurationError:
                    raise
                except PrismiqError:
                    return None

        with working(OwnWork.WARM_UP):
            outcomes = Counter(await asyncio.gather(*map(outcome, queries)))
        return CacheWarmUp(
            computed=outcomes[CacheOutcome.MISS],
            kept=outcomes[CacheOutcome.HIT] + outcomes[CacheOutcome.STALE],
            failed=outcomes[None],
            uncacheable=outcomes[CacheOutcome.BYPASS],
        )

    def stats(self) -> CacheStats:
        """Return the counts of this process since it started."""
        return self._statistics.report(self._gauge.usage(), self._answers.waiting)
