import asyncio
from collections.abc import Callable

import pytest

from prismiq.adapters.redis.deadlines import Deadlines

SECONDS = 0.02


async def block(deadlines: Deadlines, seconds: float = 60) -> None:
    async with asyncio.timeout(None) as timeout:
        deadlines.begin(timeout)
        try:
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=seconds)
        finally:
            deadlines.end(timeout)


async def test_a_block_ends_at_its_deadline() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(TimeoutError):
        await block(Deadlines(SECONDS))
    assert loop.time() - began >= SECONDS


async def test_each_block_has_its_own_deadline() -> None:
    loop, deadlines = asyncio.get_running_loop(), Deadlines(SECONDS)
    ended: list[tuple[int, bool]] = []

    async def begin(number: int) -> None:
        began = loop.time()
        with pytest.raises(TimeoutError):
            await block(deadlines)
        ended.append((number, loop.time() - began >= SECONDS))

    first = asyncio.create_task(begin(1))
    await block(Deadlines(60), SECONDS / 2)
    await asyncio.gather(first, begin(2))
    assert ended == [(1, True), (2, True)]


async def test_what_follows_a_block_in_time_is_left_alone() -> None:
    deadlines = Deadlines(SECONDS)
    await block(deadlines, 0)
    with pytest.raises(TimeoutError):
        await block(deadlines)  # the timer has looked, and it set itself again
    await block(deadlines, 0)


async def test_a_cancelled_block_is_cancelled_and_not_late() -> None:
    task = asyncio.create_task(block(Deadlines(SECONDS)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_many_blocks_set_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, deadlines = asyncio.get_running_loop(), Deadlines(60)
    timers: list[float] = []

    def call_at(when: float, look: Callable[[], None]) -> asyncio.TimerHandle:
        timers.append(when)
        return type(loop).call_at(loop, when, look)

    monkeypatch.setattr(loop, "call_at", call_at)
    for _ in range(100):
        timeout = asyncio.timeout(None)
        deadlines.begin(timeout)
        deadlines.end(timeout)
    assert len(timers) == 1
    deadlines.stop()


async def test_stopped_it_forgets_the_loop_it_was_in() -> None:
    deadlines = Deadlines(SECONDS)
    await block(deadlines, 0)
    deadlines.stop()
    with pytest.raises(TimeoutError):
        await block(deadlines)


async def test_stopped_it_ends_the_blocks_there_are() -> None:
    deadlines = Deadlines(3600)
    task = asyncio.create_task(block(deadlines, 3600))
    await asyncio.sleep(0)
    deadlines.stop()
    with pytest.raises(TimeoutError):
        await task


async def test_who_is_late_does_not_keep_the_next_one_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second deadline comes while the first block is about to end."""
    loop, deadlines, now = asyncio.get_running_loop(), Deadlines(SECONDS), 100.0

    def call_at(when: float, look: Callable[[], None]) -> asyncio.TimerHandle:
        nonlocal now
        if now >= 100 + SECONDS:
            now = when  # the loop was busy
        return type(loop).call_at(loop, when, look)

    async def endless() -> None:
        async with asyncio.timeout(None) as timeout:
            deadlines.begin(timeout)
            try:
                await loop.create_future()
            finally:
                deadlines.end(timeout)

    monkeypatch.setattr(loop, "time", lambda: now)
    monkeypatch.setattr(loop, "call_at", call_at)
    blocks = []
    for _ in range(2):
        blocks.append(asyncio.create_task(endless()))
        await asyncio.sleep(0)
        now += SECONDS / 2
    for _ in range(20):
        await asyncio.sleep(0)
    assert all(block.done() for block in blocks)
    assert [type(block.exception()) for block in blocks] == [TimeoutError] * 2
