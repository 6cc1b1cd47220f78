"""How many queries of one client run at the same time."""

from abc import abstractmethod
from typing import Protocol


class QuerySlots(Protocol):
    """Places that a client's running queries take, each on a lease that ends by itself.

    ``acquire`` is atomic: of queries that start together exactly as many get a place as there are.
    A process that is killed gives its places back when their leases end. Time is the store's own.
    All calls raise StoreUnavailableError when the store cannot be reached.
    """

    @abstractmethod
    async def acquire(self, client: str, places: int, seconds: float) -> str | None:
        """Return the token of a place, or None when the client's ``places`` are all taken."""

    @abstractmethod
    async def extend(self, client: str, token: str, seconds: float) -> None:
        """Make the lease end ``seconds`` from now.

        A lease that has ended already is taken up again, also beyond the number of places: the
        query does run.
        """

    @abstractmethod
    async def release(self, client: str, token: str) -> None:
        """Give the place back. A lease that has ended is no error."""
