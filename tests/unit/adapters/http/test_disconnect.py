"""Work ends when the client leaves, and only then."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from prismiq.adapters.http.disconnect import ClientGoneError, while_connected

LetOthersRun = Callable[[], Awaitable[None]]


class Client:
    """A client's end of the connection."""

    def __init__(self) -> None:
        self._left = asyncio.Event()
        self.is_watched = asyncio.Event()
        self.trailing_messages = 0

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> dict[str, Any]:
        self.is_watched.set()
        if self.trailing_messages:
            self.trailing_messages -= 1
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}


class Work:
    """Work that ends when it is told to, and knows how it ended."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.was_cancelled = asyncio.Event()
        self.cleaned_up = False

    async def run(self) -> str:
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_cancelled.set()
            await asyncio.sleep(0)  # a driver talks to the server before it gives up
            self.cleaned_up = True
            raise
        return "done"


async def test_quick_work_is_not_watched() -> None:
    client, work = Client(), Work()
    work.may_end.set()
    assert await while_connected(client.receive, work.run()) == "done"
    assert not client.is_watched.is_set()


async def test_slow_work_is_watched_and_returned() -> None:
    client, work = Client(), Work()
    running = asyncio.create_task(while_connected(client.receive, work.run()))
    await client.is_watched.wait()
    work.may_end.set()
    assert await running == "done"


async def test_errors_of_the_work_are_its_own() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await while_connected(Client().receive, fail())


async def test_work_is_cancelled_when_the_client_leaves() -> None:
    client, work = Client(), Work()
    running = asyncio.create_task(while_connected(client.receive, work.run()))
    await client.is_watched.wait()
    client.leave()
    with pytest.raises(ClientGoneError):
        await running
    assert work.cleaned_up


async def test_the_worker_can_go_on_after_its_client_has_left() -> None:
    client, work = Client(), Work()

    async def answer() -> str:
        try:
            return await while_connected(client.receive, work.run())
        except ClientGoneError:
            await asyncio.sleep(0)  # would raise if the task were still being cancelled
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            return "nobody"

    running = asyncio.create_task(answer())
    await client.is_watched.wait()
    client.leave()
    assert await running == "nobody"


async def test_what_is_left_of_the_body_is_not_a_disconnect(let_others_run: LetOthersRun) -> None:
    client, work = Client(), Work()
    client.trailing_messages = 2
    running = asyncio.create_task(while_connected(client.receive, work.run()))
    await client.is_watched.wait()
    await let_others_run()
    assert not work.was_cancelled.is_set()
    work.may_end.set()
    assert await running == "done"


async def test_a_server_that_stops_is_not_taken_for_a_client_that_left() -> None:
    client, work = Client(), Work()
    running = asyncio.create_task(while_connected(client.receive, work.run()))
    await client.is_watched.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.was_cancelled.is_set()


async def test_both_at_once_is_a_server_that_stops() -> None:
    client, work = Client(), Work()
    running = asyncio.create_task(while_connected(client.receive, work.run()))
    await client.is_watched.wait()
    client.leave()
    await work.was_cancelled.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_nothing_is_left_behind(let_others_run: LetOthersRun) -> None:
    before = asyncio.all_tasks()
    client, work = Client(), Work()
    running = asyncio.create_task(while_connected(client.receive, work.run()))
    await client.is_watched.wait()
    work.may_end.set()
    await running
    await let_others_run()
    assert asyncio.all_tasks() == before
