"""Not asking again what does not answer."""

from prismiq.ports.clock import Clock


class CircuitBreaker:
    """Counts failures in a row and says whether to ask.

    Closed: ask. Open, after ``failures`` in a row: do not ask, but let one attempt through every
    ``pause`` seconds. The first success closes it.
    """

    def __init__(self, clock: Clock, *, failures: int = 3, pause: float = 1.0) -> None:
        self._clock = clock
        self._failures = failures
        self._pause = pause
        self._in_a_row = 0
        self._next_attempt = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether to ask as usual."""
        return self._in_a_row < self._failures

    def may_attempt(self) -> bool:
        """Whether it is time to see if it is back. Says so to one caller per pause."""
        now = self._clock.monotonic()
        if now < self._next_attempt:
            return False
        self._next_attempt = now + self._pause
        return True

    def succeeded(self) -> None:
        """Count an answer."""
        self._in_a_row = 0

    def failed(self) -> None:
        """Count a failure."""
        self._in_a_row += 1
        self._next_attempt = self._clock.monotonic() + self._pause
