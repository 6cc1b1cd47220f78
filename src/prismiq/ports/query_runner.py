"""Asking the database."""

from abc import abstractmethod
from typing import Protocol

from prismiq.domain.model.result import CompiledQuery, PlanEstimate, RowBatch
from prismiq.domain.model.scope import Scope


class QueryRunner(Protocol):
    """Runs read-only statements on behalf of a scope.

    The scope's tenant and claims are visible to the statement, and to no other, as
    transaction-local settings. A statement is stopped on the server when it takes longer than the
    adapter was told to allow, and when the calling task is cancelled.
    """

    @abstractmethod
    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        """Return at most ``limit`` rows, and whether there were more.

        Raises:
            QueryTimeoutError: the statement took too long.
            QueryExecutionError: the database could not compute the answer.
            PoolExhaustedError: no connection became free in time.
            TooManyQueriesError: the client has as many queries running as it may.
            SchemaChangedError: a table or column no longer exists.
            DatabaseUnavailableError: the database cannot be reached.
            EngineNotStartedError: the adapter is not open.
        """

    @abstractmethod
    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        """Return what the planner expects, without running the statement. Raises as ``run``."""
