"""What becomes of requests while the shared store of limits cannot be reached."""

from collections.abc import Callable
from typing import TypeAlias

from prismiq.domain.model.rate_limits import (
    LocalDecision,
    RateLimitConfig,
    Undecided,
    Verdict,
)
from prismiq.ports.instant_limit_store import InstantLimitStore

OutagePolicy: TypeAlias = Callable[[str, int], Verdict]
"""Decides about client and cost without the store, and without waiting."""


def open_policy(limits: RateLimitConfig) -> OutagePolicy:
    """Admit everybody: the limits are there to protect, not to break what they protect."""
    return lambda _client, _cost: Undecided(True, limits)


def closed_policy(limits: RateLimitConfig) -> OutagePolicy:
    """Refuse everybody, where being asked without limits would be worse than not answering."""
    return lambda _client, _cost: Undecided(False, limits)


def local_share_policy(share: InstantLimitStore) -> OutagePolicy:
    """Let each process count on its own.

    Args:
        share: this process's part of the limits, see ``RateLimitConfig.share``.
    """
    largest_cost = share.limits.largest_cost
    return lambda client, cost: LocalDecision(*share.take(client, min(cost, largest_cost)))
