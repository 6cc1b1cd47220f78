"""Deadlines of the same length for many short calls."""

import asyncio

_LATE = 0.005
"""Seconds after which a timer has come late. On a loop that is idle it is a thousandth of that."""
_MOMENT = 0.01
"""Seconds in which what has come is read."""


class Deadlines:
    """One timer for all. To set and clear one for every call costs as much as half of a call.

    ::

        async with asyncio.timeout(None) as timeout:
            deadlines.begin(timeout)
            try:
                ...
            finally:
                deadlines.end(timeout)

    Where the timer itself comes late, because the event loop was busy, replies may have come that
    nobody could read yet: timers come before sockets. Blocks get a moment then, once.

    Args:
        seconds: until a block ends with ``TimeoutError``.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._look_at = 0.0
        self._gave_a_moment = False
        self._ends: dict[asyncio.Timeout, float] = {}
        """In the order of time."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, timeout: asyncio.Timeout) -> None:
        """Let time run for a block."""
        loop = asyncio.get_running_loop()
        self._ends[timeout] = end = loop.time() + self._seconds
        if self._timer is None:
            self._set_timer(loop, end)

    def end(self, timeout: asyncio.Timeout) -> None:
        """Let nothing happen to a block any more."""
        self._ends.pop(timeout, None)

    def stop(self) -> None:
        """End all blocks now, and forget the event loop they were in."""
        for timeout in self._ends:
            timeout.reschedule(0)
        self._ends.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, loop: asyncio.AbstractEventLoop, moment: float) -> None:
        self._look_at = moment
        self._timer = loop.call_at(moment, self._look)

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > self._look_at + _LATE and not self._gave_a_moment:
            self._gave_a_moment = True
            self._set_timer(loop, now + _MOMENT)
            return
        self._gave_a_moment = False
        while self._ends:
            timeout, end = next(iter(self._ends.items()))
            if end > loop.time():
                self._set_timer(loop, end)
                return
            del self._ends[timeout]  # it is told once: soon it is not to be told anything
            timeout.reschedule(end)  # the time has passed: the block ends now
