"""Statements as part of a trace."""

from prismiq.domain.model.result import CompiledQuery, PlanEstimate, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.ports.query_runner import QueryRunner
from prismiq.ports.tracer import Tracer


class TracedQueryRunner(QueryRunner):
    """Opens a span around every statement, the wait for a connection included.

    Args:
        runner: runs the statements.
        tracer: is told.
    """

    def __init__(self, runner: QueryRunner, tracer: Tracer) -> None:
        self._runner = runner
        self._tracer = tracer

    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        with self._tracer.query(query.tables) as span:
            batch = await self._runner.run(query, scope=scope, limit=limit)
            span.returned(batch.row_count)
            return batch

    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        with self._tracer.query(query.tables):
            return await self._runner.estimate(query, scope=scope)
