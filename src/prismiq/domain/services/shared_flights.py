"""Work that many callers want at once is done once, for as long as anybody wants it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


def _every_error(_error: Exception) -> bool:
    return True


@dataclass(slots=True)
class _Flight(Generic[Value]):
    task: "asyncio.Task[Value]"
    waiting: int = 0


class SharedFlights(Generic[Value]):
    """One shared task per key, with its passengers counted.

    A caller who is cancelled takes nobody else down. When the last one has left, nobody wants
    the outcome any more and the task is cancelled; who comes after that gets a new one. An error
    that is about the one who began a flight does not have to be everybody's.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[Value]] = {}
        self._tasks: set[asyncio.Task[Value]] = set()

    def __contains__(self, key: str) -> bool:
        """Whether somebody is working on it."""
        return key in self._flights

    @property
    def waiting(self) -> int:
        """How many callers wait at this moment."""
        return sum(flight.waiting for flight in self._flights.values())

    async def join(
        self,
        key: str,
        work: Callable[[], Coroutine[Any, Any, Value]],
        *,
        shares: Callable[[Exception], bool] = _every_error,
    ) -> Value:
        """Return the outcome of the flight that is under way, or of a new one.

        Args:
            key: what is worked on.
            work: begins a flight. It runs in the context of the caller whose flight it is.
            shares: whether an error of a flight that somebody else began is the caller's too.
                Where it is not, the caller begins the next flight, or joins who was quicker.

        Raises whatever ``work`` raises.
        """
        while True:
            others = self._flights.get(key)
            flight = others or self._take_off(key, work)
            try:
                return await self._wait(key, flight)
            except Exception as error:
                if others is None or shares(error):
                    raise
                # It may have failed in this very turn of the loop. To find it here again would be
                # to find it for ever: nobody waits for what has failed already.
                self._land(key, flight)

    async def _wait(self, key: str, flight: _Flight[Value]) -> Value:
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_off(self, key: str, work: Callable[[], Coroutine[Any, Any, Value]]) -> _Flight[Value]:
        task = asyncio.create_task(work())
        flight = self._flights[key] = _Flight(task)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._landed(key, flight, done))
        return flight

    def _landed(self, key: str, flight: _Flight[Value], task: "asyncio.Task[Value]") -> None:
        self._land(key, flight)
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # marks it as seen: all who waited may be gone

    def _land(self, key: str, flight: _Flight[Value]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
