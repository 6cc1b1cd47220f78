"""The command as people start it: a process with arguments and an environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

PRISMIQ = Path(sys.executable).with_name("prismiq")
Finished: TypeAlias = subprocess.CompletedProcess[str]
Run: TypeAlias = Callable[..., Finished]
Start: TypeAlias = Callable[..., "Running"]


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Nothing of this machine's own settings, and no terminal that anyone forces."""
    foreign = ("PRISMIQ_", "FORCE_COLOR", "TTY_", "COLUMNS", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | dict(settings)


@pytest.fixture(scope="session")
def run() -> Run:
    """Run to the end: ``run("query", "-", text=…, PRISMIQ_DATABASE_URL=…)``."""

    def run_to_the_end(*arguments: str, text: str = "", **settings: str) -> Finished:
        return subprocess.run(
            [PRISMIQ, *arguments],
            input=text,
            env=_environment(settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_to_the_end


class Running:
    """A server that was started by the command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def lines_until(self, mark: str) -> str:
        """Return what it says up to the line with ``mark``."""
        said = ""
        for line in self.process.stdout or ():
            said += line
            if mark in line:
                return said
        pytest.fail(f"it ended before it said {mark!r}:\n{said}")

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code and what was said since."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server; it ends with the test at the latest."""
    started: list[Running] = []

    def start_server(*arguments: str, **settings: str) -> Running:
        process = subprocess.Popen(
            [PRISMIQ, *arguments],
            env=_environment({"PYTHONUNBUFFERED": "1", **settings}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_default_signals,  # noqa: PLW1509 - it only sets two signals
        )
        started.append(Running(process))
        return started[-1]

    yield start_server
    for running in started:
        _end(running.process)


def _default_signals() -> None:
    """A shell may have told the test run to ignore these."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _end(process: subprocess.Popen[str]) -> None:
    """End it the soft way first, so that a PostgreSQL of its own ends too."""
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
