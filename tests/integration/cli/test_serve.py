"""``prismiq serve``: refuses to start with a sentence, serves, and ends when told to."""

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any
from urllib.error import URLError

import pytest

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def taken_port() -> Any:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_database_that_is_down_is_said_in_one_sentence(run: Run, workers: str) -> None:
    url = "postgresql://someone:S3cr3t@127.0.0.1:1/none"
    done = run("serve", "--port", "0", "--workers", workers, PRISMIQ_DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The database cannot be reached at the moment.\n"


def test_a_port_in_use_is_said_before_the_database_is_asked(run: Run, taken_port: str) -> None:
    url = "postgresql://someone@127.0.0.1:1/none"
    done = run("serve", "--port", taken_port, PRISMIQ_DATABASE_URL=url)

    assert done.returncode == 1
    assert done.stderr == (
        f"Cannot listen on 127.0.0.1, port {taken_port}: address already in use."
        " Choose another with --port or --host.\n"
    )


def test_a_host_that_is_not_known_is_said(run: Run) -> None:
    done = run("serve", "--host", "nowhere.invalid", PRISMIQ_DATABASE_URL="postgresql://u@h/d")

    assert done.returncode == 1
    assert "this name is not known" in done.stderr


def test_a_missing_setting_is_named(run: Run) -> None:
    done = run("serve")

    assert (done.returncode, done.stderr) == (1, "PRISMIQ_DATABASE_URL is not set.\n")


@pytest.mark.parametrize("option", [("--port", "70000"), ("--workers", "0"), ("--prot", "1")])
def test_wrong_usage_is_2(run: Run, option: tuple[str, str]) -> None:
    assert run("serve", *option).returncode == 2


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_and_ends_at_sigterm(
    start: Callable[..., Any], flights_dsn: str, workers: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    server = start(
        *("serve", "--port", str(port), "--workers", workers),
        PRISMIQ_DATABASE_URL=flights_dsn,
        PRISMIQ_DRAIN_SECONDS="0",
    )
    server.lines_until("Application startup complete")  # of one worker

    with _answer(f"http://127.0.0.1:{port}/api/tables") as answer:
        assert "flights" in json.load(answer)
        assert "server" not in answer.headers
    code, said = server.end(signal.SIGTERM)

    assert code == 0
    assert "Traceback" not in said


def test_ctrl_c_ends_it_quietly(start: Callable[..., Any], flights_dsn: str) -> None:
    server = start(
        *("serve", "--port", "0"), PRISMIQ_DATABASE_URL=flights_dsn, PRISMIQ_DRAIN_SECONDS="0"
    )
    server.lines_until("Prismiq answers on http://127.0.0.1:")

    code, said = server.end(signal.SIGINT)

    assert code == 130
    assert "Traceback" not in said


def _answer(url: str) -> Any:
    """Ask until somebody listens: a worker says that it is ready shortly before."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return urllib.request.urlopen(url)
        except URLError:
            assert time.monotonic() < deadline
