"""Whether the shared store is away, and when it is back."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol


class StoreAvailability(Protocol):
    """What the way to the shared store knows from the calls that went over it."""

    @property
    @abstractmethod
    def is_available(self) -> bool:
        """Whether the next call would be tried at all."""

    @abstractmethod
    def watch(self, on_change: Callable[[bool], None]) -> None:
        """Call back whenever it goes away (False) or is back (True). It may not block or raise."""

    @abstractmethod
    async def available(self) -> None:
        """Return as soon as the store answers; at once where it is not known to be away.

        It may be away again when the next call reaches it, and it may answer and yet refuse a
        command: callers that try again and again pause in between.
        """
