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
from prismiq.domain.services.current_client import OwnWork, working
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
    renewals = ConcurrencyLimiter(slots, slots, NoMetrics(), places=1)
    return LimitedQueryRunner(
        database, limiter, renewals, lambda scope: None if scope == UNCOUNTED else scope.tenant
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


@pytest.mark.parametrize("ask", [run, estimate])
async def test_renewals_take_no_place_of_a_client_and_not_the_whole_pool(
    runner: LimitedQueryRunner, database: GatedRunner, ask: Ask, let_others_run: Any
) -> None:
    with working(OwnWork.RENEWAL):
        renewals = [asyncio.ensure_future(ask(runner, ACME)) for _ in range(3)]
    queries = [asyncio.ensure_future(ask(runner, ACME)) for _ in range(2)]
    await let_others_run()
    assert database.running == 3
    database.gate.set()
    refused = await asyncio.gather(*renewals, return_exceptions=True)
    assert [isinstance(outcome, TooManyQueriesError) for outcome in refused] == [False, True, True]
    await asyncio.gather(*queries)


async def test_who_is_refused_is_named_to_the_one_who_asks(runner: LimitedQueryRunner) -> None:
    held = [asyncio.ensure_future(run(runner, ACME)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyQueriesError) as caught:
        await run(runner, ACME)
    assert caught.value.client == "acme"
    assert "acme" not in str(caught.value)
    for query in held:
        query.cancel()
    await asyncio.gather(*held, return_exceptions=True)
