"""Time, so that tests can move it."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time and monotonic time. Neither call blocks."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present moment as an aware datetime in UTC."""

    def unix_seconds(self) -> float:
        """Return ``now`` as seconds since 1970."""
        return self.now().timestamp()

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds from an unknown start that never run backwards."""

    def monotonic_ns(self) -> int:
        """Return ``monotonic`` in nanoseconds."""
        return int(self.monotonic() * 1_000_000_000)
