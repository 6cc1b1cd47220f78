"""Rate limits as HTTP header fields."""

from collections.abc import Mapping
from types import MappingProxyType

from prismiq.domain.model.rate_limits import (
    SECOND,
    Decision,
    RateLimitConfig,
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
    policy = _policy(verdict.limits)
    if not isinstance(verdict, Decision):
        headers = {} if verdict.allowed else dict(_NOTHING_IS_KNOWN)
        return {"RateLimit-Policy": policy, **headers}
    windows = standings(verdict)
    window = most_constraining(windows)
    reset_in = _whole_seconds(window.full_in)
    headers = {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(_whole_seconds(unix_now + window.full_in)),
        "RateLimit": f'"{window.name}";r={window.remaining};t={reset_in}',
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


def _policy(limits: RateLimitConfig) -> str:
    return (
        f'"burst";q={limits.burst_limit};w=1,'
        f' "minute";q={limits.requests_per_minute};w=60,'
        f' "hour";q={limits.requests_per_hour};w=3600'
    )
