"""Where lines are written to."""

import os
import select
from collections.abc import Callable
from io import UnsupportedOperation
from typing import TextIO


def writer_to(stream: TextIO) -> Callable[[bytes], None]:
    """Return a function that writes bytes to a stream, all of them, and waits while it must.

    It goes past the buffer of the stream where there is a descriptor: nothing has to be flushed
    then, and other writers of the process are not held up by a lock.
    """
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError, UnsupportedOperation):
        return lambda data: _write_text(stream, data)
    return lambda data: _write_all(descriptor, data)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # somebody has made it non-blocking
            select.select([], [descriptor], [])


def _write_text(stream: TextIO, data: bytes) -> None:
    stream.write(data.decode())
    stream.flush()
