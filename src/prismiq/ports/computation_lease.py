"""One process computes, the others wait."""

from abc import abstractmethod
from typing import Protocol


class ComputationLease(Protocol):
    """A lock between processes that ends by itself when its owner dies.

    It saves work and does not protect data: after an outage two owners are possible. The owner
    extends the lease well before it ends, three times per ``seconds`` say, and releases it when
    the result is stored. All calls raise StoreUnavailableError when the shared store does not
    answer; callers then compute themselves.
    """

    @abstractmethod
    async def acquire(self, name: str, seconds: float) -> str | None:
        """Return the token of the new owner, or None when somebody else computes already."""

    @abstractmethod
    async def extend(self, name: str, owner: str, seconds: float) -> bool:
        """Make the lease end ``seconds`` from now; False when it is not the owner's any more."""

    @abstractmethod
    async def release(self, name: str, owner: str) -> bool:
        """End the lease and wake those who wait; False when it is not the owner's any more."""

    @abstractmethod
    async def wait(self, name: str, seconds: float) -> bool:
        """Return True as soon as nobody holds the lease, False after ``seconds``."""
