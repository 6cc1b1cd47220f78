"""Where the buckets of rate-limited clients are kept, for one process."""

from abc import abstractmethod
from typing import Protocol

from prismiq.domain.model.rate_limits import Decision, RateLimitConfig


class InstantLimitStore(Protocol):
    """The buckets of one policy's clients, at hand without waiting.

    Otherwise as ``LimitStore``: ``take`` is atomic, also among threads. The number of clients is
    bounded, and a client who had to be dropped does not owe less when it comes back.
    """

    @property
    @abstractmethod
    def limits(self) -> RateLimitConfig:
        """The policy's limits."""

    @abstractmethod
    def take(self, client: str, cost: int) -> Decision:
        """Decide about a request of a client, and charge it if it fits."""

    @abstractmethod
    def peek(self, client: str) -> Decision:
        """Return a client's buckets, charging nothing (the cost is 0)."""

    @abstractmethod
    def reset(self, client: str) -> None:
        """Forget what a client owes."""
