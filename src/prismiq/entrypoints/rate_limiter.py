"""The rate limiter as users make it: ``RateLimiter(RateLimitConfig())``."""

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.adapters.system.clock import SystemClock
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.domain.services import rate_limiter
from prismiq.ports.clock import Clock


class RateLimiter(rate_limiter.RateLimiter):
    """Limits the clients of this process; usable as soon as it is made, from any thread.

    Args:
        config: how many requests a client may make.
        clock: time; None is the operating system's.
        max_clients: how many clients are remembered one by one; see ``InMemoryLimitStore``.
        name: of the policy, in problem documents and metrics.
    """

    def __init__(
        self,
        config: RateLimitConfig,
        *,
        clock: Clock | None = None,
        max_clients: int = 100_000,
        name: str = "default",
    ) -> None:
        clock = clock or SystemClock()
        store = InMemoryLimitStore(config, clock, max_clients=max_clients)
        super().__init__(store, clock, name=name)
