"""Buckets of rate-limited clients in the memory of this process.

The table holds clients who owe something. Each of them is in a queue, ordered by the moment from
which it may be forgotten. With every newcomer, and otherwise once in a millisecond at most, a few
whose moment has come are looked at, so that nobody pays for a crowd that came before. When the
table is full, the client who owes least has to leave, and its debt is kept in a smaller place:
one of many shards, by the highest debt of all who were dropped there. Whoever comes new, or comes
back, starts with the debt of its shard. So nobody gets rid of a debt by being dropped.
"""

import heapq
from threading import Lock

from prismiq.domain.model.rate_limits import SECOND, Buckets, Decision, RateLimitConfig
from prismiq.domain.rules.token_bucket import full_at, rule_of
from prismiq.ports.clock import Clock
from prismiq.ports.instant_limit_store import InstantLimitStore

_STEPS = 2
"""Clients looked at per newcomer, so that the table shrinks faster than it grows."""
_MORE_STEPS = 8
"""Clients looked at when nobody was for a while, so that it shrinks without newcomers too."""
_A_WHILE = SECOND // 1000
_NS = 1_000
"""Nanoseconds of a microsecond."""


class InMemoryLimitStore(InstantLimitStore):
    """The buckets of one policy's clients, on the monotonic clock.

    Args:
        limits: of the policy.
        clock: its monotonic time refills the buckets.
        max_clients: how many clients are remembered one by one, and how many shards there are for
            those who had to leave. A client takes about 500 bytes.
    """

    def __init__(
        self, limits: RateLimitConfig, clock: Clock, *, max_clients: int = 100_000
    ) -> None:
        if max_clients < 1:
            raise ValueError("max_clients must be at least 1")
        self._limits = limits
        self._decide = rule_of(limits)
        self._monotonic_ns = clock.monotonic_ns
        self._max_clients = max_clients
        self._buckets: dict[str, Buckets] = {}
        self._queue: list[tuple[int, str]] = []
        """Every client of the table once, with a moment at or before which it is not full."""
        self._dropped: dict[int, Buckets] = {}
        self._dropped_until = 0
        self._look_at = 0
        self._lock = Lock()

    @property
    def limits(self) -> RateLimitConfig:
        return self._limits

    def __len__(self) -> int:
        """Return how many clients are remembered one by one."""
        return len(self._buckets)

    def take(self, client: str, cost: int) -> Decision:
        with self._lock:
            now = self._monotonic_ns() // _NS
            if now >= self._look_at:
                self._sweep(now, _MORE_STEPS)
            clients = self._buckets
            known = clients.get(client)
            if known is not None:
                decision = self._decide(known, now, cost)
                clients[client] = decision.buckets
                return decision
            decision = self._decide(self._debt_of_shard(client, now), now, cost)
            if decision.allowed:
                self._sweep(now, _STEPS)
                self._remember(client, decision.buckets)
            return decision

    def peek(self, client: str) -> Decision:
        with self._lock:
            now = self._monotonic_ns() // _NS
            buckets = self._buckets.get(client) or self._debt_of_shard(client, now)
            return self._decide(buckets, now, 0)

    def reset(self, client: str) -> None:
        with self._lock:
            if client in self._buckets:
                self._buckets[client] = (0, 0, 0)  # full since long ago
            self._dropped.pop(self._shard(client), None)

    def _remember(self, client: str, buckets: Buckets) -> None:
        if len(self._buckets) >= self._max_clients:
            self._drop_one()
        self._buckets[client] = buckets
        heapq.heappush(self._queue, (full_at(self._limits, buckets), client))

    def _sweep(self, now: int, steps: int) -> None:
        self._look_at = now + _A_WHILE
        for _ in range(steps):
            if not self._queue or self._queue[0][0] > now:
                return
            client = self._queue[0][1]
            full = full_at(self._limits, self._buckets[client])
            if full > now:
                heapq.heapreplace(self._queue, (full, client))
            else:
                heapq.heappop(self._queue)
                del self._buckets[client]

    def _drop_one(self) -> None:
        for _ in range(_STEPS):
            due, client = self._queue[0]
            full = full_at(self._limits, self._buckets[client])
            if full <= due:
                break
            heapq.heapreplace(self._queue, (full, client))
        _, client = heapq.heappop(self._queue)
        burst, minute, hour = buckets = self._buckets.pop(client)
        shard = self._shard(client)
        other = self._dropped.get(shard, buckets)
        self._dropped[shard] = (max(burst, other[0]), max(minute, other[1]), max(hour, other[2]))
        self._dropped_until = max(self._dropped_until, full_at(self._limits, buckets))

    def _debt_of_shard(self, client: str, now: int) -> Buckets | None:
        if not self._dropped:
            return None
        if self._dropped_until <= now:
            self._dropped.clear()
        return self._dropped.get(self._shard(client))

    def _shard(self, client: str) -> int:
        return hash(client) % self._max_clients
