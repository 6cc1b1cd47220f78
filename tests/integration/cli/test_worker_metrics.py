"""``prismiq serve --workers 4``: one scrape shows what all workers counted, dead ones too."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.cli.serving import Serving, serving

ASKED = 'prismiq_requests_total{endpoint="/api/tables",status="200"}'


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the server keeps temporary files."""
    path = tmp_path / "scratch"
    path.mkdir()
    return path


@pytest.fixture
def server(flights_dsn: str, tmp_path: Path, scratch: Path) -> Iterator[Serving]:
    with serving(tmp_path, flights_dsn, "--workers", "4", TMPDIR=str(scratch)) as running:
        yield running


def sum_of(server: Serving, series: str) -> float:
    pattern = rf"^{re.escape(series)}(?:\{{.*\}})? (\S+)$"
    return sum(map(float, re.findall(pattern, server.get("/metrics"), re.MULTILINE)))


def await_workers(server: Serving, number: int) -> None:
    deadline = time.monotonic() + 60
    while (
        sum_of(server, "prismiq_workers") != number
        or sum_of(server, "prismiq_active_connections") < number
    ):
        assert time.monotonic() < deadline


def a_worker(server: Serving) -> int:
    """A process that counts: it holds the lock of a slot."""
    parent = server.process.pid
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        targets = [os.readlink(link) for link in Path(f"/proc/{child}/fd").iterdir()]  # noqa: PTH115
        if any("slot_" in target for target in targets):
            return int(child)
    raise AssertionError("no process has a slot")


def kill(pid: int) -> None:
    """Kill a process and wait until it takes no connections any more."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    status = Path(f"/proc/{pid}/status")
    while True:
        try:
            if "State:\tZ" in status.read_text():
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        assert time.monotonic() < deadline


def test_workers_add_up_also_when_some_are_killed(server: Serving, scratch: Path) -> None:
    await_workers(server, 4)
    assert sum_of(server, "prismiq_build_info") == 1
    for _ in range(40):
        server.get("/api/tables")
    assert sum_of(server, ASKED) == 40

    for killed in (1, 2):
        kill(a_worker(server))
        for _ in range(20):
            server.get("/api/tables")
        assert sum_of(server, ASKED) == 40 + 20 * killed
        await_workers(server, 4)  # a new one took its place
        assert sum_of(server, ASKED) == 40 + 20 * killed

    (directory,) = scratch.iterdir()
    assert len(list(directory.glob("counter_*.db"))) == 4
    in_flight = 'prismiq_requests_in_flight{endpoint="/api/tables",method="GET"} 0.0'
    assert in_flight in server.get("/metrics")

    assert server.end() in {0, -signal.SIGTERM}
    assert "Traceback" not in server.log.read_text()
    assert list(scratch.iterdir()) == []
