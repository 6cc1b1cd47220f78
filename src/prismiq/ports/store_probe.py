"""Whether the shared store (cache and limits) is there."""

from abc import abstractmethod
from typing import Protocol


class StoreProbe(Protocol):
    """Bounded in time by the adapter."""

    @abstractmethod
    async def check(self) -> str:
        """Return the server's version.

        Raises:
            StoreUnavailableError: the store cannot be reached or refused the credentials.
        """
