"""How a client stands, for operators who want to know or to forgive."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from prismiq.domain.model.rate_limits import Decision
from prismiq.domain.services.rate_limiter import RateLimiter
from prismiq.domain.services.shared_rate_limiter import SharedRateLimiter

Limiter: TypeAlias = RateLimiter | SharedRateLimiter
"""The limiter of one policy."""


class ClientLimits:
    """The clients of several policies.

    Args:
        limiters: one per policy; their names differ.

    Raises:
        ValueError: two policies have one name.
    """

    def __init__(self, limiters: Iterable[Limiter]) -> None:
        self._limiters = tuple(limiters)
        names = [limiter.name for limiter in self._limiters]
        if len(set(names)) < len(names):
            raise ValueError(f"limiters need names of their own, not {', '.join(names)}")

    async def peek(self, client: str) -> Mapping[str, Decision]:
        """Return how a client stands in each policy, charging nothing.

        Raises:
            StoreUnavailableError: the shared store cannot be reached.
        """
        return {limiter.name: await _peek(limiter, client) for limiter in self._limiters}

    async def reset(self, client: str) -> None:
        """Forget what a client owes in every policy.

        Other processes may refuse it for a second more. Raises as ``peek``.
        """
        for limiter in self._limiters:
            if isinstance(limiter, RateLimiter):
                limiter.reset(client)
            else:
                await limiter.reset(client)


async def _peek(limiter: Limiter, client: str) -> Decision:
    if isinstance(limiter, RateLimiter):
        return limiter.peek(client)
    return await limiter.peek(client)
