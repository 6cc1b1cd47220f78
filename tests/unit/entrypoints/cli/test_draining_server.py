"""The steps to the end: drain at once, stop to listen later, sooner at the next signal."""

import signal
from typing import Any

import pytest
import uvicorn

from prismiq.entrypoints.cli.draining_server import DrainingServer


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application."""


class Drained:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def drained() -> Drained:
    return Drained()


def serving(drained: Drained, drain_seconds: float) -> DrainingServer:
    config = uvicorn.Config(nothing, log_config=None, server_header=False)
    config.load()
    server = DrainingServer(
        config, announce=lambda: None, drain=drained, drain_seconds=drain_seconds
    )
    server.started = True
    return server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_signal_drains_and_the_server_serves_on(
    drained: Drained, number: signal.Signals
) -> None:
    server = serving(drained, 1_000)
    assert not await server.on_tick(0)
    server.handle_exit(number, None)
    assert drained.times == 1
    assert (b"connection", b"close") in server.server_state.default_headers
    for counter in range(30):
        assert not await server.on_tick(counter)
        assert (b"connection", b"close") in server.server_state.default_headers


async def test_the_drain_period_ends(drained: Drained) -> None:
    server = serving(drained, 0)
    server.handle_exit(signal.SIGTERM, None)
    assert not server.should_exit
    assert await server.on_tick(1)
    assert not server.force_exit


async def test_the_second_signal_ends_it_and_the_third_waits_for_nobody(drained: Drained) -> None:
    server = serving(drained, 1_000)
    seen = []
    for _ in range(3):
        server.handle_exit(signal.SIGTERM, None)
        seen.append((await server.on_tick(1), server.force_exit))
    assert seen == [(False, False), (True, False), (True, True)]
    assert drained.times == 1


async def test_a_server_that_does_not_serve_yet_has_nothing_to_drain(drained: Drained) -> None:
    server = serving(drained, 1_000)
    server.started = False
    server.handle_exit(signal.SIGTERM, None)
    assert (server.should_exit, drained.times) == (True, 0)


async def test_draining_is_said(drained: Drained, caplog: pytest.LogCaptureFixture) -> None:
    server = serving(drained, 1_000)
    caplog.set_level("INFO", "uvicorn.error")
    server.handle_exit(signal.SIGTERM, None)
    assert caplog.messages == []  # a signal handler may interrupt whoever writes
    for counter in range(3):
        await server.on_tick(counter)
    assert caplog.messages == ["Draining for 1000 seconds; another signal ends it now"]
