"""What every adapter of ``ComputationLease`` must do, told once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from prismiq.ports.computation_lease import ComputationLease

PassTime: TypeAlias = Callable[[float], Awaitable[None]]


class ComputationLeaseContract:
    """Subclasses give ``lease`` and ``elsewhere`` (two processes, one store) and ``pass_time``."""

    async def test_one_of_many_owns_it(
        self, lease: ComputationLease, elsewhere: ComputationLease
    ) -> None:
        callers = (lease, elsewhere) * 20
        owners = await asyncio.gather(*(caller.acquire("name", 30) for caller in callers))
        assert sum(owner is not None for owner in owners) == 1

    async def test_names_are_separate(self, lease: ComputationLease) -> None:
        assert await lease.acquire("a", 30)
        assert await lease.acquire("b", 30)
        assert await lease.wait("c", 0.01)

    async def test_released_it_can_be_had_again(
        self, lease: ComputationLease, elsewhere: ComputationLease
    ) -> None:
        owner = await lease.acquire("name", 30) or ""
        assert await elsewhere.acquire("name", 30) is None
        assert await lease.release("name", owner)
        assert not await lease.release("name", owner)
        assert await elsewhere.acquire("name", 30) not in (None, owner)

    async def test_it_ends_by_itself(
        self, lease: ComputationLease, elsewhere: ComputationLease, pass_time: PassTime
    ) -> None:
        owner = await lease.acquire("name", 10) or ""
        await pass_time(11)
        assert not await lease.extend("name", owner, 10)
        assert not await lease.release("name", owner)
        assert await elsewhere.acquire("name", 10)

    async def test_only_the_owner_extends_and_releases(
        self, lease: ComputationLease, elsewhere: ComputationLease, pass_time: PassTime
    ) -> None:
        former = await lease.acquire("name", 10) or ""
        await pass_time(11)
        owner = await elsewhere.acquire("name", 10) or ""
        assert not await lease.extend("name", former, 10)
        assert not await lease.release("name", former)
        assert await lease.acquire("name", 10) is None
        assert await elsewhere.extend("name", owner, 30)
        await pass_time(20)
        assert await lease.acquire("name", 10) is None
        assert await elsewhere.release("name", owner)

    async def test_release_wakes_those_who_wait(
        self, lease: ComputationLease, elsewhere: ComputationLease
    ) -> None:
        owner = await lease.acquire("name", 30) or ""
        waiters = [asyncio.ensure_future(who.wait("name", 20)) for who in (lease, elsewhere) * 3]
        others = asyncio.ensure_future(elsewhere.wait("name", 0))
        assert not await others
        async with asyncio.timeout(5):
            await lease.release("name", owner)
            assert await asyncio.gather(*waiters) == [True] * 6

    async def test_waiting_is_bounded(
        self, lease: ComputationLease, elsewhere: ComputationLease
    ) -> None:
        await lease.acquire("name", 30)
        assert not await elsewhere.wait("name", 0.02)

    async def test_waiting_for_nobody_ends_at_once(self, lease: ComputationLease) -> None:
        async with asyncio.timeout(5):
            assert await lease.wait("name", 600)

    async def test_an_owner_who_dies_is_waited_for_no_longer_than_the_lease(
        self, lease: ComputationLease, elsewhere: ComputationLease
    ) -> None:
        await lease.acquire("name", 0.05)
        async with asyncio.timeout(5):
            assert await elsewhere.wait("name", 600)

    async def test_a_waiter_who_gives_up_harms_nobody(
        self, lease: ComputationLease, elsewhere: ComputationLease
    ) -> None:
        owner = await lease.acquire("name", 30) or ""
        patient = asyncio.ensure_future(elsewhere.wait("name", 20))
        hasty = asyncio.ensure_future(elsewhere.wait("name", 20))
        assert not await elsewhere.wait("name", 0)
        hasty.cancel()
        await asyncio.gather(hasty, return_exceptions=True)
        await lease.release("name", owner)
        async with asyncio.timeout(5):
            assert await patient
