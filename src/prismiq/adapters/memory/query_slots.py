"""Places of running queries, for one process."""

from uuid import uuid4

from prismiq.ports.clock import Clock
from prismiq.ports.query_slots import QuerySlots


class InMemoryQuerySlots(QuerySlots):
    """Leases in a dictionary: there are as many as queries run, and no more.

    Args:
        clock: its monotonic time ends the leases.
    """

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self._leases: dict[str, dict[str, float]] = {}

    async def acquire(self, client: str, places: int, seconds: float) -> str | None:
        now = self._monotonic()
        running = {
            token: ends_at
            for token, ends_at in self._leases.get(client, {}).items()
            if ends_at > now
        }
        if len(running) >= places:
            return None
        token = uuid4().hex
        self._leases[client] = {**running, token: now + seconds}
        return token

    async def extend(self, client: str, token: str, seconds: float) -> None:
        self._leases.setdefault(client, {})[token] = self._monotonic() + seconds

    async def release(self, client: str, token: str) -> None:
        running = self._leases.get(client, {})
        running.pop(token, None)
        if not running:
            self._leases.pop(client, None)
