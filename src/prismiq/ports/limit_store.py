"""Where the buckets of rate-limited clients are kept, for all processes."""

from abc import abstractmethod
from typing import Protocol

from prismiq.domain.model.rate_limits import Decision, RateLimitConfig


class LimitStore(Protocol):
    """The buckets of one policy's clients, shared by everybody who has the same store.

    ``take`` is atomic: of requests that arrive together exactly as many fit as one after another.
    Time is the store's own. What an idle client no longer owes is forgotten, nothing else.
    Calls are bounded in time by the adapter; while it knows that the store is away they fail at
    once, and it finds out by itself when the store is back.
    """

    @property
    @abstractmethod
    def limits(self) -> RateLimitConfig:
        """The policy's limits."""

    @abstractmethod
    async def take(self, client: str, cost: int) -> Decision:
        """Decide about a request of a client, and charge it if it fits.

        Raises:
            StoreUnavailableError: the store cannot be reached; the request may have been charged.
        """

    @abstractmethod
    async def peek(self, client: str) -> Decision:
        """Return a client's buckets, charging nothing (the cost is 0). Raises as ``take``."""

    @abstractmethod
    async def reset(self, client: str) -> None:
        """Forget what a client owes. Raises as ``take``."""
