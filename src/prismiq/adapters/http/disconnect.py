"""Work for a client that may leave before it is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

Answer = TypeVar("Answer")

WATCH_AFTER = 0.02
"""Seconds. Most answers are there sooner, and those need nobody to watch the client."""


class ClientGoneError(Exception):
    """The client closed the connection; there is nobody to answer."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return the outcome of ``work``, which is cancelled when the client leaves.

    The request's body must have been read: what ``receive`` yields then is the disconnect.

    Raises:
        ClientGoneError: the client left; ``work`` has been cancelled and has ended.
    """
    watch = _Watch(receive)
    start = asyncio.get_running_loop().call_later(WATCH_AFTER, watch.start)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.is_the_only_reason():
            raise ClientGoneError from None
        raise
    finally:
        start.cancel()
        watch.stop()


class _Watch:
    """Cancels the task it was made in when the client leaves."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._worker = asyncio.current_task()
        self._watcher: asyncio.Task[None] | None = None
        self._client_left = False

    def start(self) -> None:
        self._watcher = asyncio.create_task(self._run())

    def is_the_only_reason(self) -> bool:
        """Whether nobody else wants the worker cancelled, such as a server that is stopping."""
        return self._client_left and self._worker is not None and self._worker.cancelling() == 1

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        if self._client_left and self._worker is not None:
            self._worker.uncancel()

    async def _run(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._worker is not None:
            self._client_left = True
            self._worker.cancel()
