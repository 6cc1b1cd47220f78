"""Queries on their way to the database, a bounded number of each client at once."""

from collections.abc import Callable

from prismiq.domain.model.result import CompiledQuery, PlanEstimate, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter
from prismiq.ports.query_runner import QueryRunner


class LimitedQueryRunner(QueryRunner):
    """Holds one of the client's places while a statement runs.

    It is the last step before the database: whoever is answered from a cache, or waits for an
    answer that is being computed already, takes no place.

    Args:
        runner: asks the database.
        limiter: has the places.
        client_of: names the client of a scope; None is not counted.
    """

    def __init__(
        self,
        runner: QueryRunner,
        limiter: ConcurrencyLimiter,
        client_of: Callable[[Scope], str | None],
    ) -> None:
        self._runner = runner
        self._limiter = limiter
        self._client_of = client_of

    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        client = self._client_of(scope)
        if client is None:
            return await self._runner.run(query, scope=scope, limit=limit)
        async with self._limiter.slot(client):
            return await self._runner.run(query, scope=scope, limit=limit)

    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        client = self._client_of(scope)
        if client is None:
            return await self._runner.estimate(query, scope=scope)
        async with self._limiter.slot(client):
            return await self._runner.estimate(query, scope=scope)
