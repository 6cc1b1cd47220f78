import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from prismiq.adapters.memory.query_slots import InMemoryQuerySlots
from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.errors import StoreUnavailableError, TooManyQueriesError
from prismiq.domain.model.observations import LimitOutcome
from prismiq.domain.services.concurrency_limiter import ConcurrencyLimiter
from prismiq.ports.clock import Clock
from prismiq.ports.query_slots import QuerySlots

LetOthersRun = Callable[[], "asyncio.Future[None]"]


class SharedSlots(QuerySlots):
    """Places elsewhere: they may be gone, and one can see the heartbeats."""

    def __init__(self, clock: Clock) -> None:
        self._slots = InMemoryQuerySlots(clock)
        self.is_gone = False
        self.extended: asyncio.Queue[float] = asyncio.Queue()
        self.may_release = asyncio.Event()
        self.may_release.set()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.may_extend = asyncio.Event()
        self.may_extend.set()

    async def acquire(self, client: str, places: int, seconds: float) -> str | None:
        self._reach()
        token = await self._slots.acquire(client, places, seconds)
        await self.may_answer.wait()
        self._reach()
        return token

    async def extend(self, client: str, token: str, seconds: float) -> None:
        self.extended.put_nowait(seconds)
        while not self.may_extend.is_set():
            try:
                await self.may_extend.wait()
            except asyncio.CancelledError:
                continue  # it has been sent
        self._reach()
        await self._slots.extend(client, token, seconds)

    async def release(self, client: str, token: str) -> None:
        await self.may_release.wait()
        self._reach()
        await self._slots.release(client, token)

    def _reach(self) -> None:
        if self.is_gone:
            raise StoreUnavailableError


class CountedDecisions(NoMetrics):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.decisions: Counter[str] = Counter()

    def limit_decided(self, policy: str, outcome: LimitOutcome) -> None:
        self.decisions[f"{policy} {outcome}"] += 1


@pytest.fixture
def metrics() -> CountedDecisions:
    return CountedDecisions()


@pytest.fixture
def slots(clock: Any) -> SharedSlots:
    return SharedSlots(clock)


@pytest.fixture
def limiter(slots: SharedSlots, clock: Any, metrics: CountedDecisions) -> ConcurrencyLimiter:
    return ConcurrencyLimiter(slots, InMemoryQuerySlots(clock), metrics, places=2)


async def test_a_client_has_so_many_queries_at_once_and_others_have_theirs(
    limiter: ConcurrencyLimiter, metrics: CountedDecisions
) -> None:
    async with limiter.slot("a"), limiter.slot("a"), limiter.slot("b"):
        with pytest.raises(TooManyQueriesError) as caught:
            async with limiter.slot("a"):
                pass
        assert caught.value.code == "too_many_queries"
        assert "2 queries" in caught.value.message
    async with limiter.slot("a"):
        pass
    assert metrics.decisions == {"concurrency allowed": 4, "concurrency denied": 1}


async def test_one_query_after_another_needs_one_place(slots: SharedSlots, clock: Any) -> None:
    limiter = ConcurrencyLimiter(slots, InMemoryQuerySlots(clock), NoMetrics(), places=1)
    for _ in range(20):
        async with limiter.slot("a"):
            pass


async def test_a_query_that_fails_gives_its_place_back(limiter: ConcurrencyLimiter) -> None:
    for _ in range(5):
        with pytest.raises(RuntimeError):
            async with limiter.slot("a"):
                raise RuntimeError


async def test_a_caller_who_is_cancelled_again_while_leaving_gives_its_place_back(
    limiter: ConcurrencyLimiter, slots: SharedSlots, let_others_run: LetOthersRun
) -> None:
    async def query() -> None:
        async with limiter.slot("a"):
            await asyncio.Event().wait()

    slots.may_release.clear()
    tasks = [asyncio.create_task(query()) for _ in range(2)]
    await let_others_run()
    for _ in range(2):
        for task in tasks:
            task.cancel()
        await let_others_run()
    assert all(task.cancelled() for task in tasks)
    slots.may_release.set()
    await let_others_run()
    async with limiter.slot("a"), limiter.slot("a"):
        pass


async def test_a_caller_who_is_cancelled_while_it_gets_a_place_gives_it_back(
    limiter: ConcurrencyLimiter, slots: SharedSlots, let_others_run: LetOthersRun
) -> None:
    """Else who leaves quickly, and comes back, finds its places taken until their leases end."""

    async def query() -> None:
        async with limiter.slot("a"):
            raise AssertionError("nobody waits for it any more")

    slots.may_answer.clear()
    leaving = [asyncio.create_task(query()) for _ in range(3)]
    await let_others_run()
    for task in leaving:
        task.cancel()
    await let_others_run()
    assert all(task.cancelled() for task in leaving)
    slots.may_answer.set()
    await let_others_run()
    async with limiter.slot("a"), limiter.slot("a"):
        pass


async def test_a_caller_may_be_cancelled_while_the_places_are_going_away(
    limiter: ConcurrencyLimiter, slots: SharedSlots, let_others_run: LetOthersRun
) -> None:
    slots.may_answer.clear()
    leaving = asyncio.ensure_future(limiter.slot("a").__aenter__())
    await let_others_run()
    leaving.cancel()
    await let_others_run()
    slots.is_gone = True
    slots.may_answer.set()
    await let_others_run()
    assert leaving.cancelled()


async def test_a_long_query_extends_its_lease_through_an_outage(
    slots: SharedSlots, clock: Any
) -> None:
    limiter = ConcurrencyLimiter(
        slots, InMemoryQuerySlots(clock), NoMetrics(), places=1, lease=0.03
    )
    async with limiter.slot("a"):
        assert await slots.extended.get() == 0.03
        slots.is_gone = True
        await slots.extended.get()
        clock.advance(1)  # the lease has ended
        slots.is_gone = False
        await slots.extended.get()
        with pytest.raises(TooManyQueriesError):
            async with limiter.slot("a"):
                pass


async def test_a_heartbeat_on_its_way_does_not_take_back_what_was_given_back(
    slots: SharedSlots, clock: Any, let_others_run: LetOthersRun
) -> None:
    limiter = ConcurrencyLimiter(
        slots, InMemoryQuerySlots(clock), NoMetrics(), places=1, lease=0.03
    )

    async def query() -> None:
        async with limiter.slot("a"):
            slots.may_extend.clear()
            await slots.extended.get()

    asking = asyncio.create_task(query())
    await slots.extended.get()
    await let_others_run()
    asking.cancel()
    await let_others_run()
    slots.may_extend.set()
    await asyncio.gather(asking, return_exceptions=True)
    await let_others_run()
    async with limiter.slot("a"):
        pass


async def test_without_the_store_each_process_counts_for_itself(
    limiter: ConcurrencyLimiter, slots: SharedSlots, metrics: CountedDecisions
) -> None:
    slots.is_gone = True
    async with limiter.slot("a"), limiter.slot("a"):
        with pytest.raises(TooManyQueriesError):
            async with limiter.slot("a"):
                pass
    assert metrics.decisions == {"concurrency outage_allowed": 2, "concurrency outage_denied": 1}
    async with limiter.slot("a"):
        pass


async def test_an_outage_while_a_query_runs_does_not_fail_it(
    limiter: ConcurrencyLimiter, slots: SharedSlots
) -> None:
    async with limiter.slot("a"):
        slots.is_gone = True


def test_a_client_without_a_place_could_never_ask(slots: SharedSlots) -> None:
    with pytest.raises(ValueError, match="at least one"):
        ConcurrencyLimiter(slots, slots, NoMetrics(), places=0)
