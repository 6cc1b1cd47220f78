"""One of several serving processes; ``prismiq serve --workers`` starts it."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from prismiq.adapters.prometheus.recording import metrics
from prismiq.adapters.prometheus.worker_slots import count_in_slots
from prismiq.domain.model.errors import PrismiqError
from prismiq.entrypoints.cli.draining_server import DrainingServer
from prismiq.entrypoints.cli.ending_signals import unwinding_on_signals
from prismiq.entrypoints.cli.http_server import make_server
from prismiq.entrypoints.cli.shared_metrics import DIRECTORY_VARIABLE
from prismiq.entrypoints.settings import Settings

_TICKS_PER_BEAT = 10


class WorkerServer(DrainingServer):
    """Tells its supervisor each second that it serves, and ends when there is none any more."""

    def __init__(self, *arguments: Any, channel: socket.socket, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._channel = channel

    async def main_loop(self) -> None:
        """Serve until told to end, or left alone."""
        self._channel.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel, self._hear)
        await super().main_loop()
        loop.remove_reader(self._channel)

    async def on_tick(self, counter: int) -> bool:
        """Give a sign of life."""
        if counter % _TICKS_PER_BEAT == 0:
            with suppress(OSError):  # nobody reads it: a supervisor that stands still, or none
                self._channel.send(b".")
        return await super().on_tick(counter)

    def _hear(self) -> None:
        # It says nothing, ever: what can be heard is that it hung up.
        asyncio.get_running_loop().remove_reader(self._channel)
        self.handle_exit(signal.SIGTERM, None)


def main() -> None:
    """Serve on the socket whose number is the first argument; the second one's is the channel."""
    listener, channel = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    with unwinding_on_signals(exit_code=0), listener, channel:
        try:
            server = _make_server(channel)
        except PrismiqError as error:
            sys.exit(error.message)
        server.run(sockets=[listener])


def _make_server(channel: socket.socket) -> WorkerServer:
    settings = Settings()
    if settings.enable_metrics:
        # The application counts from its beginning, so the slot must have been taken before.
        count_in_slots(metrics, Path(os.environ[DIRECTORY_VARIABLE]))
    return make_server(settings, WorkerServer, announce=lambda: None, channel=channel)


if __name__ == "__main__":
    main()
