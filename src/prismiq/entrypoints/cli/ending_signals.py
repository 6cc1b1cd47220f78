"""Ctrl-C, SIGTERM and a closed terminal: leave by exception, but not amid starting or stopping."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unwinding_on_signals(exit_code: int = 128 + signal.SIGTERM) -> Iterator[None]:
    """Leave by exception when told to end, so that what was started is stopped.

    uvicorn stops serving at SIGTERM, and raises it again afterwards for us. A terminal that is
    closed (SIGHUP) means the same, unless we were started to outlive it.

    Args:
        exit_code: of the process. By default the one that says which signal it was.
    """

    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(exit_code)

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGTERM)

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, leave)}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold signals back until the block is through; then the first of them takes effect."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    heeded = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hold) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for first in held[:1]:
        signal.raise_signal(first)
