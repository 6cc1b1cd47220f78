"""A query holds a place of its client exactly while it is with the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.adapters.memory.query_slots import InMemoryQuerySlots
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.errors import TooManyQueriesError
from prismiq.domain.model.result import CompiledQuery, PlanEstimate, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter
from prismiq.domain.services.limited_query_runner import LimitedQueryRunner
from prismiq.ports.query_runner import QueryRunner

QUERY = CompiledQuery("SELECT 1", (), 1)
ACME, OTHER, UNCOUNTED = Scope(tenant="acme"), Scope(tenant="other"), Scope()
Ask = Callable[[LimitedQueryRunner, Scope], Awaitable[object]]


class GatedRunner(QueryRunner):
    """Answers when its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running = 0

    async def run(self, query: CompiledQuery, *, scope: Scope, limit: int) -> RowBatch:
        await self._pass()
        return RowBatch(b"[[1]]", limit, truncated=False)

    async def estimate(self, query: CompiledQuery, *, scope: Scope) -> PlanEstimate:
        await self._pass()
        return PlanEstimate(startup_cost=1, total_cost=2, estimated_rows=3)

    async def _pass(self) -> None:
        self.running += 1
        await self.gate.wait()


@pytest.fixture
def database() -> GatedRunner:
    return GatedRunner()


@pytest.fixture
def runner(database: GatedRunner, clock: Any) -> LimitedQueryRunner:
    slots = InMemoryQuerySlots(clock)
    limiter = ConcurrencyLimiter(slots, slots, NoMetrics(), places=2)
    return LimitedQueryRunner(
        database, limiter, lambda scope: None if scope == UNCOUNTED else scope.tenant
    )


def run(runner: LimitedQueryRunner, scope: Scope) -> Awaitable[object]:
    return runner.run(QUERY, scope=scope, limit=7)


def estimate(runner: LimitedQueryRunner, scope: Scope) -> Awaitable[object]:
    return runner.estimate(QUERY, scope=scope)


@pytest.mark.parametrize("ask", [run, estimate])
async def test_one_client_cannot_take_what_is_for_all(
    runner: LimitedQueryRunner, database: GatedRunner, ask: Ask, let_others_run: Any
) -> None:
    asked = [asyncio.ensure_future(ask(runner, scope)) for scope in (ACME, ACME, ACME, OTHER)]
    await let_others_run()
    assert database.running == 3
    database.gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(answer, TooManyQueriesError) for answer in answers] == [
        *(False, False, True, False)
    ]
    assert await ask(runner, ACME) == answers[0]


@pytest.mark.parametrize("ask", [run, estimate])
async def test_who_has_no_name_is_not_counted(
    runner: LimitedQueryRunner, database: GatedRunner, ask: Ask, let_others_run: Any
) -> None:
    asked = [asyncio.ensure_future(ask(runner, UNCOUNTED)) for _ in range(5)]
    await let_others_run()
    assert database.running == 5
    database.gate.set()
    await asyncio.gather(*asked)
