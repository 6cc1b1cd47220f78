"""``prismiq serve`` with a log file, so that nothing has to read what it says under load."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.error import URLError

Command: TypeAlias = Sequence[str | Path]

COMMAND = Path(sys.executable).with_name("prismiq")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Serving:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def get(self, path: str) -> str:
        """Answer, over a new connection."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            text: str = answer.read().decode()
            return text

    def await_answers(self) -> None:
        """Ask until there is an answer. The port is listened on, and given back, before."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.get("/metrics")
            except (URLError, ConnectionError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(self.log.read_text()) from None
            else:
                return

    def end(self) -> int:
        """Tell it to end; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def serving(
    directory: Path, dsn: str, *arguments: str, command: Command = (COMMAND,), **settings: str
) -> Iterator[Serving]:
    """Serve until the block is left, which begins when there are answers."""
    foreign = ("PRISMIQ_", "PROMETHEUS_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    environment |= {"PRISMIQ_DATABASE_URL": dsn, "PRISMIQ_RATE_LIMIT_ENABLED": "false", **settings}
    port, log = free_port(), directory / "serve.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port), *arguments],
            env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            server = Serving(process, port, log)
            server.await_answers()
            yield server
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
