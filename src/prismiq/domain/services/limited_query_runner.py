"""Queries on their way to the database, a bounded number of each client at once."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from prismiq.domain.model.result import CompiledQuery, PlanEstimate, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter
from prismiq.domain.services.current_client import RENEWALS, OwnWork, own_work
from prismiq.ports.query_runner import QueryRunner


class LimitedQueryRunner(QueryRunner):
    """Holds one of the client's places while a statement runs.

    It is the last step before the database: whoever is answered from a cache, or waits for an
    answer that is being computed already, takes no place. The place is held until the statement
    ends, also where others are left who wait for it.

    Renewals in the background have places of their own. Nobody asked for them, so they neither
    take a place of the client who found an answer old, nor may they take the whole pool.

    Args:
        runner: asks the database.
        limiter: has the places of clients.
        renewals: has the places of renewals.
        client_of: names the client of a scope; None is not counted.
    """

    def __init__(
        self,
        runner: QueryRunner,
        limiter: ConcurrencyLimiter,
        renewals: ConcurrencyLimiter,
        client_of: Callable[[Scope], str | None],
    ) -> None:
        self._runner = runner
        self._limiter = limiter
        self._renewals = renewals
        self._client_of = client_of

    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        async with self._place(scope):
            return await self._runner.run(query, scope=scope, limit=limit)

    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        async with self._place(scope):
            return await self._runner.estimate(query, scope=scope)

    def _place(self, scope: Scope) -> AbstractAsyncContextManager[None]:
        if own_work() is OwnWork.RENEWAL:
            return self._renewals.slot(RENEWALS)
        client = self._client_of(scope)
        return nullcontext() if client is None else self._limiter.slot(client)
