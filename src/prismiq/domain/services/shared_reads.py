"""What many callers want to read at once is read once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SharedReads(Generic[Value]):
    """One read per key at a time: who comes while it is under way is given what it finds.

    The first caller reads in its own task, so that one who comes alone pays nothing for the
    others. If it is cancelled or fails, the others are not hurt: one of them reads instead.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[Value | None]]] = {}

    async def join(self, key: str, read: Callable[[], Awaitable[Value]]) -> Value:
        """Return what a read finds that is under way, or else a new one. Raises as ``read``.

        ``read`` never returns None.
        """
        while (waiting := self._waiting.get(key)) is not None:
            place: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
            waiting.append(place)
            found = await place
            if found is not None:
                return found
        return await self._read(key, read)

    async def _read(self, key: str, read: Callable[[], Awaitable[Value]]) -> Value:
        waiting = self._waiting[key] = []
        found = None
        try:
            found = await read()
            return found
        finally:
            del self._waiting[key]
            for place in waiting:
                if not place.done():
                    place.set_result(found)
