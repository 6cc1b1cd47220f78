"""Work that many callers want at once is done once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class _Flight(Generic[Value]):
    task: "asyncio.Task[Value]"


class SingleFlight(Generic[Value]):
    """One shared task per key.

    A caller who is cancelled while waiting cancels neither the task nor the other callers.

    Args:
        landed: is given key and value of every flight that no later one has overtaken, before
            any of its callers goes on.
    """

    def __init__(self, landed: Callable[[str, Value], None]) -> None:
        self._landed = landed
        self._latest: dict[str, _Flight[Value]] = {}
        self._tasks: set[asyncio.Task[Value]] = set()

    async def join(self, key: str, work: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Return the value of the flight that is under way, or of a new one."""
        flight = self._latest.get(key)
        return await asyncio.shield(flight.task if flight else self._take_off(key, work))

    async def overtake(self, key: str, work: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """Return the value of a flight that begins now; callers from now on join this one."""
        return await asyncio.shield(self._take_off(key, work))

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_off(
        self, key: str, work: Callable[[], Coroutine[Any, Any, Value]]
    ) -> "asyncio.Task[Value]":
        flight: _Flight[Value] = _Flight()
        self._latest[key] = flight
        flight.task = asyncio.create_task(self._fly(key, flight, work))
        self._tasks.add(flight.task)
        flight.task.add_done_callback(self._forget)
        return flight.task

    async def _fly(
        self,
        key: str,
        flight: _Flight[Value],
        work: Callable[[], Coroutine[Any, Any, Value]],
    ) -> Value:
        try:
            value = await work()
            if self._latest.get(key) is flight:
                self._landed(key, value)
        finally:
            if self._latest.get(key) is flight:
                del self._latest[key]
        return value

    def _forget(self, task: "asyncio.Task[Value]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as seen: all who waited may be gone
