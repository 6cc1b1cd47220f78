"""How often a client may ask, and what was decided about one request."""

from enum import StrEnum
from typing import Annotated, NamedTuple, TypeAlias

from pydantic import Field

from prismiq.domain.model.strict_model import StrictModel

SECOND = 1_000_000
"""One second in microseconds, the unit of all time here."""
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

# Every number that a decision needs stays far below 2^53, where a store that counts in floating
# point numbers, as Redis scripts do, stops being exact.
Allowance = Annotated[int, Field(ge=1, le=10_000_000)]


class RateLimitConfig(StrictModel):
    """How many requests one client may make: three windows, and a request must fit all of them.

    Each window is a bucket that holds as many tokens as its limit and is refilled evenly, so that
    an empty one is full again after the window's length.
    """

    requests_per_minute: Allowance = 60
    requests_per_hour: Allowance = 1000
    burst_limit: Allowance = 10
    """Requests in one second."""

    @property
    def largest_cost(self) -> int:
        """The largest cost of one request that a client who was idle can pay."""
        return min(self.burst_limit, self.requests_per_minute, self.requests_per_hour)

    def share(self, replicas: int) -> "RateLimitConfig":
        """Return the part of one among ``replicas`` that count on their own, at least one each."""
        return RateLimitConfig(
            requests_per_minute=max(1, self.requests_per_minute // replicas),
            requests_per_hour=max(1, self.requests_per_hour // replicas),
            burst_limit=max(1, self.burst_limit // replicas),
        )


Buckets: TypeAlias = tuple[int, int, int]
"""What is remembered of a client: when each of its buckets (second, minute, hour) is full again.

A bucket's moment is in microseconds multiplied by its limit. In this unit one token is worth
exactly the window's length, whatever the limit, and nothing is ever rounded. A moment that has
passed is a full bucket; a client whose buckets are all full equals one never seen.
"""


class Decision(NamedTuple):
    """Whether a request fits. ``buckets`` are those after it; a refused one changes nothing."""

    allowed: bool
    limits: RateLimitConfig
    buckets: Buckets
    now: int
    """Microseconds on the clock that decided."""
    cost: int


class LocalDecision(Decision):
    """A decision of one process alone, while the store that knows the buckets is away."""

    __slots__ = ()


class Undecided(NamedTuple):
    """What happens to a request when the store that knows its buckets cannot be reached."""

    allowed: bool
    limits: RateLimitConfig


Verdict: TypeAlias = Decision | Undecided


class OutagePolicyName(StrEnum):
    """What becomes of requests while the shared store of limits cannot be reached."""

    OPEN = "open"
    """All are admitted."""
    CLOSED = "closed"
    """All are refused."""
    LOCAL_SHARE = "local_share"
    """Each process counts for itself, with its share of the limits."""


class WindowStanding(NamedTuple):
    """How a client stands in one window after a decision. Times are in microseconds."""

    name: str
    limit: int
    period: int
    """The window's length."""
    remaining: int
    """Whole tokens that are left."""
    full_in: int
    """After so long without requests the bucket is full."""
    wait: int
    """After so long a refused request fits this window; 0 where it fits now."""
