"""Answering queries, from the cache where that is right."""

import logging
from functools import partial

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.time_to_live import require_ttl
from prismiq.domain.services.answer_cache import Answer, AnswerCache, Question
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.current_client import client_of
from prismiq.domain.services.query_service import QueryService
from prismiq.domain.services.question_source import QuestionSource
from prismiq.domain.services.questions import Questions
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.domain.services.schema_snapshot import SchemaSnapshot
from prismiq.ports.tracer import Tracer

_logger = logging.getLogger("prismiq.query")


class QueryAnswers(QuestionSource):
    """Answers queries on behalf of a scope.

    A query is checked against what its scope may see before the cache is looked at. Kept answers
    are logged at level DEBUG; the others are queries of the database, which has its own record.

    Args:
        catalog: what queries may name.
        queries: asks the database.
        questions: names what the cache is asked.
        cache: keeps answers; None: every query reaches the database.
        statistics: counts.
        ttl: seconds to keep an answer where the caller does not say; None is no expiry.
        tracer: is told where answers come from; None: nobody is.
    """

    def __init__(
        self,
        catalog: SchemaCatalog,
        queries: QueryService,
        questions: Questions,
        cache: AnswerCache | None,
        statistics: CacheStatistics,
        *,
        ttl: float | None,
        tracer: Tracer | None = None,
    ) -> None:
        self._catalog = catalog
        self._queries = queries
        self._questions = questions
        self._cache = cache
        self._statistics = statistics
        self._ttl = ttl
        self._tracer = tracer

    async def answer(
        self,
        query: QueryDefinition,
        scope: Scope,
        *,
        fresh: bool = False,
        ttl: float | None = None,
    ) -> Answer:
        """Return the answer, and where it came from.

        Args:
            query: what is asked.
            scope: on whose behalf.
            fresh: ask the database whatever is kept, and keep the new answer.
            ttl: seconds to keep it, instead of the usual time.

        Raises:
            QueryValidationError: the query does not fit. Also raises as ``QueryService.execute``.
        """
        answer = await self._answer(query, scope, fresh=fresh, ttl=ttl)
        self._statistics.count(answer)
        return answer

    def kept_answer(self, query: QueryDefinition, scope: Scope) -> Answer | None:
        """Return the answer if it is a hit in the memory of this process. Waits for nothing.

        What is traced is not answered this way: a span belongs around it.

        Raises:
            QueryValidationError: the query does not fit.
        """
        snapshot = self._catalog.fresh_snapshot(scope)
        if self._cache is None or snapshot is None or self._tracer is not None:
            return None
        question = self._question(query, snapshot, scope, ttl=self._ttl)
        if question is None:
            return None
        answer = self._cache.kept_answer(question)
        if answer is not None:
            self._statistics.count(answer)
            _log_kept(answer, question, scope)
        return answer

    async def preview(
        self, query: QueryDefinition, limit: int, scope: Scope, *, fresh: bool = False
    ) -> Answer:
        """Return at most ``limit`` rows of the answer. Raises as ``answer``."""
        fewest = limit if query.limit is None else min(limit, query.limit)
        return await self.answer(query.model_copy(update={"limit": fewest}), scope, fresh=fresh)

    async def question(
        self, query: QueryDefinition, scope: Scope, *, ttl: float | None = None
    ) -> Question | None:
        snapshot = await self._catalog.snapshot(scope)
        return self._question(
            query, snapshot, scope, ttl=self._lifetime(ttl), client=client_of(scope)
        )

    def key(self, query: QueryDefinition, scope: Scope) -> str:
        return self._questions.name(query, self._catalog.known_snapshot(scope), scope).key

    def version_names(self, table: str) -> frozenset[str]:
        return frozenset({self._catalog.known_version_name(table)})

    def _lifetime(self, ttl: float | None) -> float | None:
        return self._ttl if ttl is None else require_ttl(ttl)

    def _question(
        self,
        query: QueryDefinition,
        snapshot: SchemaSnapshot,
        scope: Scope,
        *,
        ttl: float | None,
        cache: CacheOutcome = CacheOutcome.MISS,
        client: str | None = None,
    ) -> Question | None:
        named = self._questions.name(query, snapshot, scope)
        if named.tables is None:
            return None
        compute = partial(self._queries.execute_in, snapshot.view, query, scope, cache)
        return Question(named.key, named.tables, compute, ttl, client)

    async def _answer(
        self, query: QueryDefinition, scope: Scope, *, fresh: bool, ttl: float | None
    ) -> Answer:
        cache = self._cache
        snapshot = await self._catalog.snapshot(scope)
        question = None
        if cache is not None:
            reason = CacheOutcome.BYPASS if fresh else CacheOutcome.MISS
            ttl = self._lifetime(ttl)
            client = client_of(scope)
            question = self._question(query, snapshot, scope, ttl=ttl, cache=reason, client=client)
        if cache is None or question is None:
            result = await self._queries.execute_in(snapshot.view, query, scope)
            return Answer(CacheOutcome.BYPASS, result=result)
        look = cache.fresh_answer(question) if fresh else cache.answer(question)
        if self._tracer is None:
            answer = await look
        else:
            with self._tracer.answer(question.key) as span:
                answer = await look
                span.answered(answer.outcome, answer.tier)
        _log_kept(answer, question, scope)
        return answer


def _log_kept(answer: Answer, question: Question, scope: Scope) -> None:
    """Say that a kept answer was given. It is asked for most, so it has to be asked for."""
    if answer.entry is None or not _logger.isEnabledFor(logging.DEBUG):
        return
    extra = {
        "key": question.key,
        "tables": sorted(question.tables),
        "tenant": scope.tenant,
        "rows": answer.entry.row_count,
        "cache": answer.outcome.value,
        "tier": answer.tier,
    }
    _logger.debug("Query: kept answer", extra=extra)
