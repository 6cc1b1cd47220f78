"""Workers that do not start, fall silent or will not end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from prismiq.entrypoints.cli.worker_process import WorkerProcess

Supervise: TypeAlias = Callable[..., "subprocess.Popen[str]"]

PROGRAM = """
import asyncio, socket, sys
from prismiq.entrypoints.cli.supervisor import Supervisor
from prismiq.domain.model.errors import PrismiqError

async def run() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    supervisor = Supervisor(
        listener, int(sys.argv[1]), patience=60, deadline=float(sys.argv[2]),
        announce=lambda: print("All serve.", flush=True),
    )
    print("ended by", await supervisor.run())

try:
    asyncio.run(run())
except PrismiqError as error:
    sys.exit(error.message)
"""


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    """Start a supervisor: ``supervise(dsn, workers=2, deadline=5)``."""
    started: list[subprocess.Popen[str]] = []

    def start(dsn: str, *, workers: int = 2, deadline: float = 30) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(workers), str(deadline)],
            env={
                **os.environ,
                "PRISMIQ_DATABASE_URL": dsn,
                "PRISMIQ_RATE_LIMIT_ENABLED": "false",
                "PRISMIQ_DRAIN_SECONDS": "0",
                "PRISMIQ_ENABLE_METRICS": "false",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()  # its workers end with it
        process.communicate()


def first_worker_of(process: "subprocess.Popen[str]") -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return int(children.split()[0])


def said_until(process: "subprocess.Popen[str]", mark: str) -> str:
    said = ""
    for line in process.stdout or ():
        said += line
        if mark in line:
            return said
    pytest.fail(f"it ended before it said {mark!r}:\n{said}")


def test_where_no_worker_can_start_the_end_is_quick_and_says_so(supervise: Supervise) -> None:
    process = supervise("postgresql://someone:S3cr3t@127.0.0.1:1/none")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The workers could not start; the lines above say why." in said
    assert "All serve." not in said
    assert "S3cr3t" not in said


async def test_one_that_cannot_start_is_tried_again_while_others_serve(
    supervise: Supervise, database: str, connection: Any, dsn_for: Any
) -> None:
    await connection.execute(
        "DROP ROLE IF EXISTS lonely; CREATE ROLE lonely LOGIN CONNECTION LIMIT 1"
    )
    process = supervise(dsn_for(database, "lonely"))
    await asyncio.to_thread(said_until, process, "has ended; another one takes its place")
    await connection.execute("ALTER ROLE lonely CONNECTION LIMIT 10")
    await asyncio.to_thread(said_until, process, "All serve.")
    process.send_signal(signal.SIGTERM)
    said, _ = await asyncio.to_thread(process.communicate, timeout=60)
    assert "ended by 15" in said
    assert process.returncode == 0


async def test_who_does_not_end_in_time_is_killed_and_that_is_a_failure(
    supervise: Supervise, database: str
) -> None:
    process = supervise(database, deadline=1)
    await asyncio.to_thread(said_until, process, "All serve.")
    os.kill(first_worker_of(process), signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    said, _ = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 1
    assert "Some workers did not end in time and were killed." in said


@pytest.fixture
async def sleeper() -> AsyncIterator[tuple[WorkerProcess, socket.socket]]:
    """A process that does nothing, and its end of the channel."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(600)"
    )
    with theirs:
        yield WorkerProcess(process, ours), theirs
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def test_a_worker_that_never_gives_a_sign_is_killed_and_never_served(
    sleeper: tuple[WorkerProcess, socket.socket],
) -> None:
    worker, _channel = sleeper
    ready: list[bool] = []
    served = await asyncio.wait_for(worker.watch(0.1, lambda: ready.append(True)), 30)
    assert (served, ready) == (False, [])
    assert worker._process.returncode == -signal.SIGKILL


async def test_a_worker_that_falls_silent_is_killed(
    sleeper: tuple[WorkerProcess, socket.socket],
) -> None:
    worker, channel = sleeper
    ready: list[bool] = []
    channel.send(b"..")
    served = await asyncio.wait_for(worker.watch(0.1, lambda: ready.append(True)), 30)
    assert (served, ready) == (True, [True])
    assert worker._process.returncode == -signal.SIGKILL
