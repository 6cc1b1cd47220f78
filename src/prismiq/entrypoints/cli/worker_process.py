"""A worker, seen from the process that supervises it."""

import asyncio
import logging
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress

_MODULE = "prismiq.entrypoints.cli.worker"

_logger = logging.getLogger("uvicorn.error")


class WorkerProcess:
    """A process that serves, and the channel on which it gives signs of life.

    The channel closes when either of the two ends, however it ends, and the other one learns it.
    """

    def __init__(self, process: Process, channel: socket.socket) -> None:
        self._process = process
        self._channel = channel

    @classmethod
    async def start(cls, listener: socket.socket) -> "WorkerProcess":
        """Start a process that will serve on the socket."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        numbers = (listener.fileno(), theirs.fileno())
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", _MODULE),
                *map(str, numbers),
                stdin=DEVNULL,
                pass_fds=numbers,
                # A terminal sends Ctrl-C to the whole group; they are to hear it from us, once.
                process_group=0,
            )
        return cls(process, ours)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def tell_to_end(self) -> None:
        """Ask it to drain and end; once more to be quick."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """End it without asking."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def watch(self, patience: float, ready: Callable[[], None]) -> bool:
        """Wait for its end. Return whether it ever served.

        Args:
            patience: seconds after which it is killed when it gives no sign of life.
            ready: is called when it begins to serve.
        """
        served = False
        try:
            while await self._gives_a_sign(patience):
                if not served:
                    served = True
                    ready()
        except TimeoutError:
            _logger.warning("Worker [%d] gives no sign of life and is killed", self.pid)
            self.kill()
        finally:
            self._channel.close()
        await self._process.wait()
        return served

    async def _gives_a_sign(self, patience: float) -> bool:
        try:
            async with asyncio.timeout(patience):
                return bool(await asyncio.get_running_loop().sock_recv(self._channel, 1024))
        except ConnectionError:
            return False
