"""Lines on their way out: callers never wait, a thread writes, and what has no room is counted."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeAlias
from weakref import WeakMethod

Line: TypeAlias = bytes | Callable[[], bytes]
Write: TypeAlias = Callable[[bytes], None]
Dropped: TypeAlias = Callable[[int], None]

MOST_BYTES = 8 * 1024 * 1024
"""Of lines that wait, about 8,000 records of requests."""
LATER_BYTES = 1024
"""What a line counts for that has still to be made."""

_LINGER = 0.02  # seconds in which lines gather, so that the thread wakes 50 times a second at most
_BATCH_BYTES = 256 * 1024


class LineWriter:
    """A bounded queue of lines, and the thread that writes them.

    A line is written about 20 ms after it was put. When the queue is full, because the other side
    reads nothing, lines are dropped; as soon as there is room again, a line says how many.

    Args:
        write: writes bytes; it may block, and what it raises (OSError) loses them.
        note_of_drops: makes the line that says how many lines were lost.
        max_bytes: of lines that wait.
        linger: seconds in which lines gather before they are written.
    """

    _put_bytes: int
    _taken_bytes: int
    _done_bytes: int
    _dropped: int
    _is_awake: bool
    _is_closed: bool

    def __init__(
        self,
        write: Write,
        note_of_drops: Callable[[int], bytes],
        *,
        max_bytes: int = MOST_BYTES,
        linger: float = _LINGER,
    ) -> None:
        self._write = write
        self._note_of_drops = note_of_drops
        self._max_bytes = max_bytes
        self._linger = linger
        self.on_dropped: Dropped | None = None
        """Is told how many lines were lost, at once and from any thread."""
        self._start()
        if hasattr(os, "register_at_fork"):
            restart = WeakMethod(self._start)
            os.register_at_fork(after_in_child=lambda: _call(restart))

    def put(self, line: Line) -> None:
        """Let a line be written, or drop it. Never waits and never raises.

        Args:
            line: the line, or what makes it. That is called in the thread, where many are made in
                a row, which takes half the time of making one amid all that a request does.
        """
        size = _size_of(line)
        with self._counting:
            if self._put_bytes - self._taken_bytes + size > self._max_bytes:
                is_dropped = True
                self._dropped += 1
            else:
                is_dropped = False
                if self._dropped:
                    self._append(self._take_note())
                self._append(line)
        if is_dropped:
            self._tell(1)
        elif not self._is_awake:
            self._is_awake = True
            self._wake.set()

    def flush(self, timeout: float) -> bool:
        """Wait until all lines put so far are written; False where that takes longer (seconds)."""
        target = self._put_bytes
        deadline = time.monotonic() + timeout
        with self._progress:
            while self._done_bytes < target:
                self._hurry.set()
                self._wake.set()
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._thread.is_alive():
                    return False
                self._progress.wait(remaining)
        return True

    def close(self, timeout: float) -> bool:
        """Flush, and end the thread. Lines that are put afterwards are not written."""
        flushed = self.flush(timeout)
        self._is_closed = True
        self._hurry.set()
        self._wake.set()
        return flushed

    def _start(self) -> None:
        """Begin with an empty queue: at first, and in the child of a fork.

        The parent writes what it has queued, and only the parent has the thread.
        """
        self._lines: deque[Line] = deque()
        self._counting = threading.RLock()  # a signal handler may log while a line is being put
        self._progress = threading.Condition()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._is_awake = False
        self._is_closed = False
        self._put_bytes = self._taken_bytes = self._done_bytes = 0
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="prismiq-log-writer", daemon=True)
        self._thread.start()

    def _append(self, line: Line) -> None:
        self._put_bytes += _size_of(line)
        self._lines.append(line)

    def _take_note(self) -> bytes:
        count, self._dropped = self._dropped, 0
        return self._note_of_drops(count)

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.wait()
            if self._hurry.wait(self._linger):
                self._hurry.clear()
            self._wake.clear()
            # From here on a new line wakes the thread again, so none is left behind.
            self._is_awake = False
            # What comes while this is written gathers for the next time: writing line by line in a
            # race with who logs would cost more than all the rest.
            target = self._put_bytes
            while self._done_bytes < target:
                self._write_batch()
            if self._dropped:
                self._report_drops()
            with self._progress:
                self._progress.notify_all()

    def _write_batch(self) -> None:
        batch: list[Line] = []
        size = 0
        while self._lines and size < _BATCH_BYTES:
            line = self._lines.popleft()
            batch.append(line)
            size += _size_of(line)
        self._taken_bytes += size
        try:
            self._write(b"".join([self._made(line) for line in batch]))
        except (OSError, ValueError):  # the other side is gone, the disk is full, a closed stream
            self._tell(len(batch))
        self._done_bytes += size
        with self._progress:
            self._progress.notify_all()

    def _made(self, line: Line) -> bytes:
        try:
            return line if isinstance(line, bytes) else line()
        except Exception:  # noqa: BLE001 - one line less, but the thread has to go on
            self._tell(1)
            return b""

    def _report_drops(self) -> None:
        with self._counting:
            if self._dropped:
                self._append(self._take_note())
        self._write_batch()

    def _tell(self, dropped: int) -> None:
        if self.on_dropped is not None:
            self.on_dropped(dropped)


def _size_of(line: Line) -> int:
    return len(line) if isinstance(line, bytes) else LATER_BYTES


def _call(method: WeakMethod[Callable[[], None]]) -> None:
    alive = method()
    if alive is not None:
        alive()
