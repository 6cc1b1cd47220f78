"""Several processes that serve on one socket: kept alive, and ended together."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from prismiq.domain.model.errors import PrismiqError
from prismiq.entrypoints.cli.worker_process import WorkerProcess

_HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHORT_LIFE = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 15.0

_logger = logging.getLogger("uvicorn.error")  # where the workers' own words go


class WorkersError(PrismiqError):
    """The workers could not start, or did not end when they were told to."""

    code = "workers_failed"


class Supervisor:
    """Starts workers, replaces those that end or fall silent, and passes signals on.

    uvicorn's supervisor is not used: it starts servers that stop to listen at the signal, waits
    for hung ones without end, heeds no second signal, gives up where one worker cannot be
    replaced at once, and leaves workers behind when it is killed.

    Args:
        listener: what they serve on. It is closed here when the end begins.
        count: how many there are.
        patience: seconds for a worker to start, and those without a sign of life after which it
            is replaced.
        deadline: seconds for all of them to end; who has not is killed.
        announce: is called when all of them serve.
    """

    def __init__(
        self,
        listener: socket.socket,
        count: int,
        *,
        patience: float,
        deadline: float,
        announce: Callable[[], None],
    ) -> None:
        self._listener = listener
        self._count = count
        self._patience = patience
        self._deadline = deadline
        self._announce = announce
        self._workers: set[WorkerProcess] = set()
        self._ending = asyncio.Event()
        self._first_signal: signal.Signals | None = None
        self._problem: str | None = None
        self._serving = 0
        self._failed_starts = 0

    async def run(self) -> signal.Signals | None:
        """Serve until told to end. Return the signal that did.

        Raises:
            WorkersError: none of them could start, or some had to be killed in the end.
        """
        loop = asyncio.get_running_loop()
        for number in _HEEDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._told, number)
        try:
            async with asyncio.TaskGroup() as places:
                for _ in range(self._count):
                    places.create_task(self._fill_place())
        finally:
            self._kill()
            self._listener.close()
        if self._problem is not None:
            raise WorkersError(self._problem)
        return self._first_signal

    async def _fill_place(self) -> None:
        """Keep one worker there, and another one after it."""
        loop = asyncio.get_running_loop()
        pause = 0.0
        while not self._ending.is_set():
            began = loop.time()
            worker = await WorkerProcess.start(self._listener)
            self._workers.add(worker)
            if self._ending.is_set():  # told so while it was being started
                worker.tell_to_end()
            served = await worker.watch(self._patience, self._one_more_serves)
            self._workers.discard(worker)
            if self._ending.is_set():
                return
            if not served and self._nobody_can_start():
                self._problem = "The workers could not start; the lines above say why."
                self._end()
                return
            _logger.warning("Worker [%d] has ended; another one takes its place", worker.pid)
            lived_short = loop.time() - began < _SHORT_LIFE
            pause = min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE) if lived_short else 0.0
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ending.wait()

    def _nobody_can_start(self) -> bool:
        """Whether all have tried to start and none ever could: it will not get better."""
        self._failed_starts += 1
        return self._serving == 0 and self._failed_starts >= self._count

    def _one_more_serves(self) -> None:
        self._serving += 1
        if self._serving == self._count:
            self._announce()

    def _told(self, number: signal.Signals) -> None:
        self._first_signal = self._first_signal or number
        self._end()

    def _end(self) -> None:
        if not self._ending.is_set():
            self._ending.set()
            self._listener.close()  # the workers have it too, and stop to listen in their time
            asyncio.get_running_loop().call_later(self._deadline, self._lose_patience)
        for worker in self._workers:
            worker.tell_to_end()

    def _lose_patience(self) -> None:
        self._problem = "Some workers did not end in time and were killed."
        self._kill()

    def _kill(self) -> None:
        for worker in self._workers:
            worker.kill()
