import asyncio
import socket
import time
from collections.abc import Callable

import pytest
import uvloop

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


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("answers", [True, False])
def test_a_reply_that_came_while_the_loop_was_busy_is_in_time(
    new_loop: Callable[[], asyncio.AbstractEventLoop], *, answers: bool
) -> None:
    """A timer that is due comes before a socket that can be read."""

    async def main() -> bytes:
        deadlines = Deadlines(SECONDS)
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            try:
                asking = asyncio.create_task(ask(reader, deadlines))
                await asyncio.sleep(0)
                if answers:
                    theirs.send(b"xy")
                busy_until = time.monotonic() + 2 * SECONDS
                while time.monotonic() < busy_until:
                    """Read nothing."""
                return await asking
            finally:
                writer.close()

    async def ask(reader: asyncio.StreamReader, deadlines: Deadlines) -> bytes:
        async with asyncio.timeout(None) as timeout:
            deadlines.begin(timeout)
            try:
                first = await reader.readexactly(1)
                await asyncio.sleep(0)  # a reply takes several turns of the loop
                return first + await reader.readexactly(1)
            finally:
                deadlines.end(timeout)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        if answers:
            assert runner.run(main()) == b"xy"
        else:
            with pytest.raises(TimeoutError):
                runner.run(main())
