"""``prismiq demo``: real answers over real data, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[str]]
Start = Callable[..., Any]

READY = "Ctrl-C stops it."


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def postgres_pid(data_dir: Path) -> int:
    """Return the server's process id as soon as it has written it.

    Looks again and again: another process gives no event to wait for.
    """
    file = data_dir / "cluster" / "postmaster.pid"
    deadline = time.monotonic() + 30
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline
    return int(file.read_text().split()[0])


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def printed_command(said: str) -> str:
    """Return the ``curl`` that the demo tells people to try."""
    return said[said.index("curl ") : said.index("\n\nAll endpoints")]


def test_the_command_that_it_prints_answers_and_the_end_is_clean(
    start: Start, server_dir: Path
) -> None:
    data_dir = server_dir / "data"
    demo = start("demo", "--port", free_port(), "--data-dir", str(data_dir))
    command = printed_command(demo.lines_until(READY))

    answer = json.loads(subprocess.check_output(["/bin/sh", "-c", f"{command} --silent"]))
    pid = postgres_pid(data_dir)
    code, said = demo.end(signal.SIGTERM)

    assert answer["row_count"] == 16
    assert answer["rows"][0][:2] == ["UA", 58_665]
    assert answer["rows"][-1][:2] == ["OO", 32]
    assert code == 128 + signal.SIGTERM
    assert said.strip() == ""  # the empty line after the welcome may come late
    assert not is_running(pid)
    _the_second_start_is_quick_and_ctrl_c_ends_it(start, data_dir)


def _the_second_start_is_quick_and_ctrl_c_ends_it(start: Start, data_dir: Path) -> None:
    started = time.monotonic()
    demo = start("demo", "--port", free_port(), "--data-dir", str(data_dir))
    demo.lines_until(READY)
    pid = postgres_pid(data_dir)
    elapsed = time.monotonic() - started
    code, said = demo.end(signal.SIGINT)

    assert elapsed < 30  # loading anew takes longer than starting, on any machine
    assert (code, said.strip()) == (130, "")
    assert not is_running(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_starts_leaves_no_server_behind(
    start: Start, server_dir: Path, number: signal.Signals
) -> None:
    data_dir = server_dir / "data"
    demo = start("demo", "--port", free_port(), "--data-dir", str(data_dir))
    demo.lines_until("Starting PostgreSQL")
    pid = postgres_pid(data_dir)

    code, said = demo.end(number)

    assert code in {130, 143}
    assert "Traceback" not in said
    assert not is_running(pid)


def test_a_port_in_use_is_said_before_anything_is_made(run: Run, server_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = run("demo", "--port", port, "--data-dir", str(server_dir / "data"))

    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port}: address already in use" in done.stderr
    assert not (server_dir / "data").exists()


def test_a_wrong_setting_is_said_before_anything_is_made(run: Run, server_dir: Path) -> None:
    data_dir = server_dir / "data"
    done = run("demo", "--data-dir", str(data_dir), PRISMIQ_QUERY_TIMEOUT="soon")

    assert done.returncode == 1
    assert done.stderr.startswith("PRISMIQ_QUERY_TIMEOUT ")
    assert not data_dir.exists()
