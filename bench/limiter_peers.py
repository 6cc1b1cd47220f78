"""Other limiters, each with the same three windows and in its fastest form."""

from collections.abc import Callable
from typing import Any

import limits
import pyrate_limiter
import throttled

from prismiq.domain.model.rate_limits import RateLimitConfig

Decide = Callable[[str], object]


def limits_library(config: RateLimitConfig) -> Decide:
    """Fixed windows: less exact than its moving windows, and faster."""
    strategy = limits.strategies.FixedWindowRateLimiter(limits.storage.MemoryStorage())
    windows = (
        limits.RateLimitItemPerSecond(config.burst_limit),
        limits.RateLimitItemPerMinute(config.requests_per_minute),
        limits.RateLimitItemPerHour(config.requests_per_hour),
    )
    return lambda client: all(strategy.hit(window, client) for window in windows)


class _BucketPerClient(pyrate_limiter.BucketFactory):  # type: ignore[misc]
    def __init__(self, config: RateLimitConfig) -> None:
        self._rates = [
            pyrate_limiter.Rate(config.burst_limit, pyrate_limiter.Duration.SECOND),
            pyrate_limiter.Rate(config.requests_per_minute, pyrate_limiter.Duration.MINUTE),
            pyrate_limiter.Rate(config.requests_per_hour, pyrate_limiter.Duration.HOUR),
        ]
        self._clock = pyrate_limiter.MonotonicClock()
        self._buckets: dict[str, Any] = {}

    def wrap_item(self, name: str, weight: int = 1) -> Any:
        return pyrate_limiter.RateItem(name, self._clock.now(), weight=weight)

    def get(self, item: Any) -> Any:
        bucket = self._buckets.get(item.name)
        if bucket is None:
            bucket = self._buckets[item.name] = pyrate_limiter.InMemoryBucket(self._rates)
        return bucket


def pyrate(config: RateLimitConfig) -> Decide:
    """A bucket of its own for every client; nothing is ever leaked, which costs time too."""
    limiter = pyrate_limiter.Limiter(_BucketPerClient(config))
    return lambda client: limiter.try_acquire(client, blocking=False)


def throttled_py(config: RateLimitConfig) -> Decide:
    """Its generic cell rate algorithm, one window after the other."""
    store = throttled.MemoryStore(options={"MAX_SIZE": 1_000_000})
    windows = [
        throttled.Throttled(using="gcra", quota=quota, store=store, key_prefix=name)
        for name, quota in (
            ("burst", throttled.rate_limiter.per_sec(config.burst_limit)),
            ("minute", throttled.rate_limiter.per_min(config.requests_per_minute)),
            ("hour", throttled.rate_limiter.per_hour(config.requests_per_hour)),
        )
    ]
    return lambda client: not any(window.limit(client).limited for window in windows)
