"""The token bucket, exact: three windows decided together, in whole numbers only.

This is the generic cell rate algorithm. A bucket is one number, the moment at which it is full
again (see ``Buckets`` for its unit); a request moves that moment by the worth of its tokens and
fits if the moment stays within one window from now.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from prismiq.domain.model.rate_limits import (
    HOUR,
    MINUTE,
    SECOND,
    Buckets,
    Decision,
    RateLimitConfig,
    WindowStanding,
)

Rule: TypeAlias = Callable[[Buckets | None, int, int], Decision]
"""Decides about buckets (None: a client never seen), now in microseconds, and a cost."""

_new_tuple: Any = tuple.__new__
"""Makes a ``Decision`` in half the time that its constructor takes."""


def take(
    limits: RateLimitConfig, buckets: Buckets | None, now: int, cost: int = 1
) -> tuple[Buckets, Decision]:
    """Decide about a request and return the client's buckets after it; see ``rule_of``."""
    decision = rule_of(limits)(buckets, now, cost)
    return decision.buckets, decision


def rule_of(limits: RateLimitConfig) -> Rule:
    """Return the rule that decides about requests; a decision holds the buckets after it.

    A cost of more than ``limits.largest_cost`` never fits; 0 takes nothing and is for looking.
    When the clock was set back, a client waits for a window at most.
    """
    burst_limit = limits.burst_limit
    minute_limit = limits.requests_per_minute
    hour_limit = limits.requests_per_hour
    # Names of this function are found faster than those of the module.
    second, sixty, an_hour = SECOND, MINUTE, HOUR
    new_tuple, decision_type = _new_tuple, Decision
    burst_room = burst_limit * SECOND
    minute_room = minute_limit * MINUTE
    hour_room = hour_limit * HOUR

    def decide(buckets: Buckets | None, now: int, cost: int) -> Decision:
        # This is the hottest code of a limited request: max() would double its time, and products
        # with a cost of 1 would add a tenth.
        burst_now = now * burst_limit
        minute_now = now * minute_limit
        hour_now = now * hour_limit
        burst, minute, hour = kept = buckets or (burst_now, minute_now, hour_now)
        if burst < burst_now:  # noqa: PLR1730
            burst = burst_now
        if minute < minute_now:  # noqa: PLR1730
            minute = minute_now
        if hour < hour_now:  # noqa: PLR1730
            hour = hour_now
        if cost == 1:
            burst_after, minute_after, hour_after = burst + second, minute + sixty, hour + an_hour
        else:
            burst_after = burst + cost * second
            minute_after = minute + cost * sixty
            hour_after = hour + cost * an_hour
        if (
            burst_after <= burst_now + burst_room
            and minute_after <= minute_now + minute_room
            and hour_after <= hour_now + hour_room
        ):
            after = (burst_after, minute_after, hour_after)
            decision: Decision = new_tuple(decision_type, (True, limits, after, now, cost))
            return decision
        # A bucket cannot be emptier than empty, unless the clock was set back after it was filled.
        unchanged = (
            min(kept[0], burst_now + burst_room),
            min(kept[1], minute_now + minute_room),
            min(kept[2], hour_now + hour_room),
        )
        return Decision(False, limits, unchanged, now, cost)

    return decide


def full_at(limits: RateLimitConfig, buckets: Buckets) -> int:
    """Return the first microsecond at which all buckets are full, so that they can be forgotten."""
    burst, minute, hour = buckets
    return max(
        -(-burst // limits.burst_limit),
        -(-minute // limits.requests_per_minute),
        -(-hour // limits.requests_per_hour),
    )


def standings(decision: Decision) -> tuple[WindowStanding, ...]:
    """Return how the client stands in the three windows, the shortest first."""
    limits = decision.limits
    burst, minute, hour = decision.buckets
    return (
        _standing(decision, "burst", limits.burst_limit, SECOND, burst),
        _standing(decision, "minute", limits.requests_per_minute, MINUTE, minute),
        _standing(decision, "hour", limits.requests_per_hour, HOUR, hour),
    )


def wait(decision: Decision) -> int:
    """Return the microseconds after which a refused request fits all windows; 0 if it fitted."""
    return max(standing.wait for standing in standings(decision))


def _standing(
    decision: Decision, name: str, limit: int, period: int, full_moment: int
) -> WindowStanding:
    used = max(0, full_moment - decision.now * limit)
    free = limit * period - used
    lacking = 0 if decision.allowed else max(0, decision.cost * period - free)
    return WindowStanding(
        name, limit, period, free // period, -(-used // limit), -(-lacking // limit)
    )
