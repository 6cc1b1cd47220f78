import asyncio
from collections.abc import Awaitable, Callable

import pytest

from prismiq.domain.services.shared_reads import SharedReads

LetOthersRun = Callable[[], Awaitable[None]]


class Store:
    """Every read waits until it is let go, and finds its own number."""

    def __init__(self) -> None:
        self.reads: list[asyncio.Future[None]] = []

    async def read(self) -> int:
        number = len(self.reads)
        self.reads.append(asyncio.get_running_loop().create_future())
        await self.reads[number]
        return number


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def shared() -> SharedReads[int]:
    return SharedReads()


async def test_who_comes_meanwhile_is_given_the_same(
    shared: SharedReads[int], store: Store, let_others_run: LetOthersRun
) -> None:
    callers = [asyncio.create_task(shared.join("key", store.read)) for _ in range(100)]
    other = asyncio.create_task(shared.join("other", store.read))
    await let_others_run()
    assert len(store.reads) == 2
    for read in store.reads:
        read.set_result(None)
    assert await asyncio.gather(*callers) == [0] * 100
    assert await other == 1


async def test_who_comes_later_reads_anew(
    shared: SharedReads[int], store: Store, let_others_run: LetOthersRun
) -> None:
    for number in range(3):
        caller = asyncio.create_task(shared.join("key", store.read))
        await let_others_run()
        store.reads[number].set_result(None)
        assert await caller == number


async def test_a_reader_who_is_cancelled_hurts_nobody(
    shared: SharedReads[int], store: Store, let_others_run: LetOthersRun
) -> None:
    reader, *others = [asyncio.create_task(shared.join("key", store.read)) for _ in range(5)]
    await let_others_run()
    reader.cancel()
    await let_others_run()
    assert len(store.reads) == 2  # one of the others reads, for all of them
    store.reads[1].set_result(None)
    assert await asyncio.gather(*others) == [1] * 4
    assert reader.cancelled()


async def test_others_who_are_cancelled_hurt_nobody(
    shared: SharedReads[int], store: Store, let_others_run: LetOthersRun
) -> None:
    callers = [asyncio.create_task(shared.join("key", store.read)) for _ in range(5)]
    await let_others_run()
    for caller in callers[1:4]:
        caller.cancel()
    await let_others_run()
    store.reads[0].set_result(None)
    assert await callers[0] == await callers[4] == 0
    assert len(store.reads) == 1


async def test_a_read_that_fails_fails_for_one(
    shared: SharedReads[int], store: Store, let_others_run: LetOthersRun
) -> None:
    callers = [asyncio.create_task(shared.join("key", store.read)) for _ in range(3)]
    await let_others_run()
    store.reads[0].set_exception(LookupError("no"))
    await let_others_run()
    store.reads[1].set_result(None)
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert repr(outcomes[0]) == "LookupError('no')"
    assert outcomes[1:] == [1, 1]


async def test_nothing_is_left_behind(
    shared: SharedReads[int], store: Store, let_others_run: LetOthersRun
) -> None:
    callers = [asyncio.create_task(shared.join("key", store.read)) for _ in range(3)]
    await let_others_run()
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    assert not shared._waiting
