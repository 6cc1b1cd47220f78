"""A rival: an ASGI application in its own process, pinned to one core."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import uvicorn

from bench.load import Target, answers

SERVER_CORE = 0


@contextmanager
def served(application: str, environment: Mapping[str, str]) -> Iterator[Target]:
    """Serve ``module:attribute`` with one uvicorn worker; yield where it listens.

    What it logs goes to a file.
    """
    with ExitStack() as open_files:
        listener = open_files.enter_context(socket.create_server(("127.0.0.1", 0)))
        log = open_files.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.serving", application, str(listener.fileno())],
            stdout=log,
            env={**os.environ, **environment},
            pass_fds=[listener.fileno()],
        )
        host, port = listener.getsockname()
        target = Target(host, port, process.pid)
    try:
        answers(target)
        yield target
    finally:
        process.terminate()
        process.wait()


def keep_off_the_server_core() -> None:
    """Leave the servers' core to them. What this process starts from now on follows it."""
    if hasattr(os, "sched_setaffinity"):
        others = os.sched_getaffinity(0) - {SERVER_CORE}
        os.sched_setaffinity(0, others or {SERVER_CORE})


def _serve(application: str, descriptor: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {SERVER_CORE})
    config = uvicorn.Config(application, access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
