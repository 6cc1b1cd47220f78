"""The cache of query results as users make it: ``QueryCache(InMemoryCache())``."""

from prismiq.adapters.system.clock import SystemClock
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CachePolicy
from prismiq.domain.model.scope import Scope
from prismiq.domain.services import query_cache
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.plain_questions import Execute, PlainQuestions
from prismiq.entrypoints.caching import answer_cache
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock


class QueryCache(query_cache.QueryCache):
    """Keeps results by query, without an engine; an engine has its own as ``engine.query_cache``.

    It knows the tables that a query names, and nothing of the database: a result over a view has
    to be invalidated by the view's name, and two caches in one Redis share results by query and
    scope. Where they are about different databases, give them different scopes or prefixes.

    Args:
        backend: keeps the results.
        default_ttl: seconds; None is no expiry, zero keeps nothing.
        default_schema: the schema of tables that are named without one.
        execute: computes results, for ``warm``.
        clock: time; None is the operating system's.
        scope: of calls that name none.

    Raises:
        ValueError: ``default_ttl`` is negative or not finite.
    """

    def __init__(
        self,
        backend: CacheBackend,
        default_ttl: float | None = 300,
        *,
        default_schema: str = "public",
        execute: Execute | None = None,
        clock: Clock | None = None,
        scope: Scope | None = None,
    ) -> None:
        clock = clock or SystemClock()
        kept = answer_cache(backend, CachePolicy(ttl=default_ttl), clock, NoMetrics())
        questions = PlainQuestions(
            clock, ttl=default_ttl, default_schema=default_schema, execute=execute
        )
        statistics = CacheStatistics(NoMetrics())
        super().__init__(
            kept, questions, statistics, gauge=kept, clock=clock, scope=scope or Scope()
        )
