"""Work for a client that may leave before it is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

Answer = TypeVar("Answer")


class ClientGoneError(Exception):
    """The client closed the connection; there is nobody to answer."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return the outcome of ``work``, which is cancelled when the client leaves.

    The request's body must have been read: what ``receive`` yields then is the disconnect.

    Raises:
        ClientGoneError: the client left; ``work`` has been cancelled and has ended.
    """
    worker = asyncio.current_task()
    if worker is None:
        raise RuntimeError("requests are answered in tasks")
    watch = _Watch(receive, worker)
    watcher = asyncio.create_task(watch.run())
    try:
        return await work
    except asyncio.CancelledError:
        # A second request to cancel is not ours: the server itself is stopping this task.
        if watch.client_left and worker.cancelling() == 1:
            raise ClientGoneError from None
        raise
    finally:
        watcher.cancel()
        if watch.client_left:
            worker.uncancel()


class _Watch:
    def __init__(self, receive: Receive, worker: "asyncio.Task[Any]") -> None:
        self._receive = receive
        self._worker = worker
        self.client_left = False

    async def run(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_left = True
        self._worker.cancel()
