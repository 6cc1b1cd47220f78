"""Questions to a cache that no engine fills: nothing is known of the database."""

from collections.abc import Awaitable, Callable
from functools import partial

from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.plan import Source
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.result import EncodedResult, QueryResult
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key
from prismiq.domain.rules.dependencies import version_name
from prismiq.domain.rules.kept_results import encoded
from prismiq.domain.rules.schema_view import qualified_name
from prismiq.domain.rules.time_to_live import require_ttl
from prismiq.domain.services.answer_cache import Question
from prismiq.domain.services.question_source import QuestionSource
from prismiq.ports.clock import Clock

Execute = Callable[[QueryDefinition], Awaitable[QueryResult]]


class PlainQuestions(QuestionSource):
    """An answer depends on the tables that its query names, and on no others.

    Args:
        clock: resolves relative dates.
        ttl: seconds to keep an answer where the caller does not say.
        default_schema: the schema of tables that are named without one.
        execute: computes an answer; None: nobody can.
    """

    def __init__(
        self, clock: Clock, *, ttl: float | None, default_schema: str, execute: Execute | None
    ) -> None:
        self._clock = clock
        self._ttl = require_ttl(ttl)
        self._default_schema = default_schema
        self._execute = execute

    async def question(
        self, query: QueryDefinition, scope: Scope, *, ttl: float | None = None
    ) -> Question:
        schema_name = scope.schema_name or self._default_schema
        tables = frozenset(
            version_name(
                Source(table.schema_name, table.name)
                if table.schema_name
                else Source(*qualified_name(table.name, schema_name))
            )
            for table in query.tables
        )
        ttl = self._ttl if ttl is None else require_ttl(ttl)
        return Question(self.key(query, scope), tables, partial(self._computed, query), ttl)

    def key(self, query: QueryDefinition, scope: Scope) -> str:
        return cache_key(
            query,
            scope=scope,
            now=self._clock.now(),
            context=f"plain {self._default_schema}",
            max_rows=QueryLimits().max_rows,
        )

    def version_names(self, table: str) -> frozenset[str]:
        return frozenset({version_name(Source(*qualified_name(table, self._default_schema)))})

    async def _computed(self, query: QueryDefinition) -> EncodedResult:
        if self._execute is None:
            raise ConfigurationError("This cache was not told who computes answers: 'execute'.")
        return encoded(await self._execute(query))
