"""What is told of every query that reaches the database: one metric and one log record."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.errors import QueryTimeoutError, TooManyQueriesError
from prismiq.domain.model.observations import QueryOutcome
from prismiq.domain.model.plan import Source
from prismiq.domain.model.result import CompiledQuery, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.dependencies import version_name
from prismiq.ports.clock import Clock
from prismiq.ports.metrics_sink import MetricsSink

_logger = logging.getLogger("prismiq.query")


@dataclass(frozen=True, slots=True)
class Statement:
    """What the database is asked, and about what, on whose behalf."""

    compiled: CompiledQuery
    sources: Sequence[Source]
    scope: Scope
    cache: CacheOutcome = CacheOutcome.BYPASS
    """Why the database is asked: nothing was kept, or nothing kept was wanted."""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that are the same for queries that differ in values only."""
        written = self.compiled.sql.encode("utf-8", "surrogatepass")
        return blake2b(written, digest_size=8).hexdigest()


class QueryObserver:
    """Measures queries and reports how they ended.

    The record of a query has the fields ``fingerprint`` (of its statement, which has no values),
    ``tables``, ``tenant``, ``rows``, ``duration_ms``, ``outcome`` and ``cache``. It is a warning
    when the query was slow, took too long or failed.

    Args:
        clock: measures.
        metrics: counts.
        slow_query_ms: milliseconds from which a query is slow.
    """

    def __init__(
        self, clock: Clock, metrics: MetricsSink, *, slow_query_ms: float = 1000.0
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._slow_seconds = slow_query_ms / 1000

    async def watch(
        self, work: Awaitable[RowBatch], statement: Statement
    ) -> tuple[RowBatch, float]:
        """Return what the database answered and how many seconds it took. Raises as ``work``."""
        started = self._clock.monotonic()
        rows = None
        outcome: QueryOutcome | None = QueryOutcome.ERROR
        try:
            batch = await work
            outcome, rows = QueryOutcome.SUCCESS, batch.row_count
        except asyncio.CancelledError:
            outcome = QueryOutcome.CANCELLED
            raise
        except QueryTimeoutError:
            outcome = QueryOutcome.TIMEOUT
            raise
        except TooManyQueriesError:
            outcome = None  # it did not reach the database; the limiter has counted it
            raise
        finally:
            seconds = self._clock.monotonic() - started
            if outcome is not None:
                self._metrics.query_finished(outcome, seconds)
                self._log(outcome, seconds, rows, statement)
        return batch, seconds

    def _log(
        self, outcome: QueryOutcome, seconds: float, rows: int | None, statement: Statement
    ) -> None:
        is_slow = seconds >= self._slow_seconds
        has_failed = outcome in (QueryOutcome.ERROR, QueryOutcome.TIMEOUT)
        level = logging.WARNING if is_slow or has_failed else logging.INFO
        if not _logger.isEnabledFor(level):
            return
        extra = {
            "fingerprint": statement.fingerprint,
            "tables": sorted({version_name(source) for source in statement.sources}),
            "tenant": statement.scope.tenant,
            "rows": rows,
            "duration_ms": round(seconds * 1000, 3),
            "outcome": outcome.value,
            "cache": statement.cache.value,
        }
        _logger.log(level, "Slow query" if is_slow else f"Query: {outcome.value}", extra=extra)
