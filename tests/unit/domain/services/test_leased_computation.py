"""Among those who want the same outcome, one computes; a store that fails stops nobody."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prismiq.adapters.memory.computation_lease import InMemoryComputationLease
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.services.leased_computation import LeasedComputation
from prismiq.ports.clock import Clock
from prismiq.ports.computation_lease import ComputationLease

LetOthersRun = Callable[[], Awaitable[None]]


class Outcome:
    """What processes compute and store for each other."""

    def __init__(self) -> None:
        self.stored: str | None = None
        self.computed = 0
        self.may_end = asyncio.Event()

    async def compute(self) -> str:
        self.computed += 1
        await self.may_end.wait()
        self.stored = f"outcome {self.computed}"
        return self.stored

    async def look(self) -> str | None:
        return self.stored


@pytest.fixture
def lease(clock: Clock) -> InMemoryComputationLease:
    return InMemoryComputationLease(clock)


async def test_one_computes_and_the_others_take_what_it_stored(
    lease: ComputationLease, clock: Clock, let_others_run: LetOthersRun
) -> None:
    outcome = Outcome()
    processes = [LeasedComputation(lease, clock) for _ in range(4)]
    runs = [asyncio.create_task(p.run("a", outcome.compute, outcome.look)) for p in processes]
    await let_others_run()
    outcome.may_end.set()
    assert await asyncio.gather(*runs) == ["outcome 1"] * 4
    assert outcome.computed == 1


async def test_another_takes_over_when_the_owner_fails(
    lease: ComputationLease, clock: Clock, let_others_run: LetOthersRun
) -> None:
    outcome = Outcome()

    async def fail() -> str:
        await outcome.may_end.wait()
        raise LookupError

    first = asyncio.create_task(LeasedComputation(lease, clock).run("a", fail, outcome.look))
    await let_others_run()
    second = asyncio.create_task(
        LeasedComputation(lease, clock).run("a", outcome.compute, outcome.look)
    )
    await let_others_run()
    assert outcome.computed == 0
    outcome.may_end.set()
    assert await second == "outcome 1"
    with pytest.raises(LookupError):
        await first


async def test_another_takes_over_when_the_owner_is_cancelled(
    lease: ComputationLease, clock: Clock, let_others_run: LetOthersRun
) -> None:
    outcome = Outcome()
    first, second = (
        asyncio.create_task(LeasedComputation(lease, clock).run("a", outcome.compute, outcome.look))
        for _ in range(2)
    )
    await let_others_run()
    first.cancel()
    outcome.may_end.set()
    assert await second == "outcome 2"


async def test_who_is_cancelled_while_it_becomes_the_owner_keeps_nobody_waiting(
    clock: Clock, let_others_run: LetOthersRun
) -> None:
    class Slow(InMemoryComputationLease):
        def __init__(self) -> None:
            super().__init__(clock)
            self.may_answer = asyncio.Event()

        async def acquire(self, name: str, seconds: float) -> str | None:
            owner = await super().acquire(name, seconds)
            await self.may_answer.wait()
            return owner

    lease, outcome = Slow(), Outcome()
    first, second = (
        asyncio.create_task(LeasedComputation(lease, clock).run("a", outcome.compute, outcome.look))
        for _ in range(2)
    )
    await let_others_run()
    first.cancel()
    lease.may_answer.set()
    outcome.may_end.set()
    async with asyncio.timeout(10):  # the clock stands still: no lease has ended by itself
        assert await second == "outcome 1"
    assert first.cancelled()


async def test_who_is_cancelled_while_it_gives_the_lease_back_has_given_it_back(
    clock: Clock, let_others_run: LetOthersRun
) -> None:
    class Slow(InMemoryComputationLease):
        def __init__(self) -> None:
            super().__init__(clock)
            self.may_end = asyncio.Event()

        async def release(self, name: str, owner: str) -> bool:
            await self.may_end.wait()
            return await super().release(name, owner)

    lease, outcome = Slow(), Outcome()
    outcome.may_end.set()
    first = asyncio.create_task(
        LeasedComputation(lease, clock).run("a", outcome.compute, outcome.look)
    )
    await let_others_run()
    assert outcome.stored
    first.cancel()
    await let_others_run()
    assert first.cancelled()
    lease.may_end.set()
    await let_others_run()
    assert await lease.acquire("a", 2.0) is not None


async def test_what_was_stored_while_the_lease_was_taken_is_not_computed_again(
    lease: ComputationLease, clock: Clock
) -> None:
    outcome = Outcome()
    outcome.stored = "by another"
    assert await LeasedComputation(lease, clock).run("a", outcome.compute, outcome.look) == (
        "by another"
    )
    assert outcome.computed == 0


async def test_without_the_store_everybody_computes(clock: Clock) -> None:
    class Away(ComputationLease):
        async def acquire(self, name: str, seconds: float) -> str | None:
            raise StoreUnavailableError

        async def extend(self, name: str, owner: str, seconds: float) -> bool:
            raise StoreUnavailableError

        async def release(self, name: str, owner: str) -> bool:
            raise StoreUnavailableError

        async def wait(self, name: str, seconds: float) -> bool:
            raise StoreUnavailableError

    outcome = Outcome()
    outcome.may_end.set()
    computation = LeasedComputation(Away(), clock)
    assert await computation.run("a", outcome.compute, outcome.look) == "outcome 1"


async def test_a_store_that_fails_in_the_middle_stops_nobody(clock: Clock) -> None:
    class Leaving(InMemoryComputationLease):
        async def release(self, name: str, owner: str) -> bool:
            raise StoreUnavailableError

    outcome = Outcome()
    outcome.may_end.set()
    computation = LeasedComputation(Leaving(clock), clock)
    assert await computation.run("a", outcome.compute, outcome.look) == "outcome 1"
