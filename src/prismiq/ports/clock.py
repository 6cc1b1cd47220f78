"""Time, so that tests can move it."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time and monotonic time. Neither call blocks."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present moment as an aware datetime in UTC."""

    @abstractmethod
    def monotonic(self) -> float:
        """Return seconds from an unknown start that never run backwards."""
