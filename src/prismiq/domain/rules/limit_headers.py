"""Rate limits as HTTP header fields."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from prismiq.domain.model.rate_limits import (
    HOUR,
    MINUTE,
    SECOND,
    Decision,
    Verdict,
    WindowStanding,
)
from prismiq.domain.rules.token_bucket import standings

LIMIT_HEADERS = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
)
"""For ``Access-Control-Expose-Headers``: what scripts in a browser need to read."""

_NOTHING_IS_KNOWN: Mapping[str, str] = MappingProxyType({"Retry-After": "1"})


def limit_headers(verdict: Verdict, unix_now: int) -> dict[str, str]:
    """Return the header fields of an answer.

    ``X-RateLimit-*`` and ``RateLimit`` describe the window that constrains the client most.
    ``X-RateLimit-Reset`` is when its bucket is full again, in Unix seconds, rounded up.
    ``Retry-After`` is there when the request was refused: a client that waits so long and is
    alone is admitted. Where the store could not be asked there is no number to give.

    Args:
        verdict: what was decided.
        unix_now: the wall clock at the decision, in microseconds.
    """
    limits = verdict.limits
    policy = _policy(limits.burst_limit, limits.requests_per_minute, limits.requests_per_hour)
    if not isinstance(verdict, Decision):
        headers = {} if verdict.allowed else dict(_NOTHING_IS_KNOWN)
        return {"RateLimit-Policy": policy, **headers}
    if verdict.allowed:
        name, limit, remaining, full_in = _tightest(verdict)
    else:
        windows = standings(verdict)
        name, limit, _, remaining, full_in, _ = most_constraining(windows)
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(_whole_seconds(unix_now + full_in)),
        "RateLimit": f'"{name}";r={remaining};t={_whole_seconds(full_in)}',
        "RateLimit-Policy": policy,
    }
    if not verdict.allowed:
        headers["Retry-After"] = str(retry_after(windows))
    return headers


def most_constraining(windows: tuple[WindowStanding, ...]) -> WindowStanding:
    """Return the window to wait for longest, else the one with the fewest tokens left."""
    return max(windows, key=lambda window: (window.wait, -window.remaining, window.period))


def retry_after(windows: tuple[WindowStanding, ...]) -> int:
    """Return whole seconds, at least one, after which a refused request fits all windows."""
    return max(1, *(_whole_seconds(window.wait) for window in windows))


def _whole_seconds(microseconds: int) -> int:
    return -(-microseconds // SECOND)


@lru_cache(maxsize=64)
def _policy(burst: int, minute: int, hour: int) -> str:
    return f'"burst";q={burst};w=1, "minute";q={minute};w=60, "hour";q={hour};w=3600'


def _tightest(decision: Decision) -> tuple[str, int, int, int]:
    """Return name, limit, remaining and full_in of ``most_constraining`` of an admitted request.

    Every answer of a limited application needs it, and this takes a third of the time.
    """
    limits, now = decision.limits, decision.now
    burst, minute, hour = decision.buckets
    name, limit = "hour", limits.requests_per_hour
    used = hour - now * limit
    remaining = limit + -used // HOUR  # rounded down
    other = limits.requests_per_minute
    used_there = minute - now * other
    left = other + -used_there // MINUTE
    if left < remaining:
        name, limit, used, remaining = "minute", other, used_there, left
    other = limits.burst_limit
    used_there = burst - now * other
    left = other + -used_there // SECOND
    if left < remaining:
        name, limit, used, remaining = "burst", other, used_there, left
    return name, limit, remaining, -(-used // limit)
