"""Denials that hold for a while, so that nobody needs to be asked again."""

from collections import OrderedDict

from prismiq.domain.model.rate_limits import SECOND, Decision
from prismiq.domain.rules.token_bucket import wait
from prismiq.ports.clock import Clock

_LONGEST = SECOND
"""A denial is believed for a second at most: a reset by an operator is seen after that."""


class DeniedClients:
    """Remembers clients who have not one token left, until they have one again.

    This is exact, in what is denied and in how long to wait: until then nothing of the client fits,
    here or elsewhere, so its buckets remain as they are. Who has some tokens left and asked for
    more is not remembered: a smaller request may fit, and then the larger one waits longer.
    Beyond ``max_denials`` the oldest is dropped, which costs a round trip.
    """

    def __init__(self, clock: Clock, *, max_denials: int = 10_000) -> None:
        self._clock = clock
        self._max_denials = max_denials
        self._denials: OrderedDict[str, tuple[int, Decision]] = OrderedDict()
        """Until when, on the local clock, and the denial; its ``now`` is the store clock's lead."""

    def now(self) -> int:
        """Return the local time in microseconds; read it before the store is asked."""
        return int(self._clock.monotonic() * SECOND)

    def find(self, client: str, cost: int) -> Decision | None:
        """Return the denial of a client as of now, or None when the store must be asked."""
        known = self._denials.get(client)
        if known is None:
            return None
        until, denial = known
        now = self.now()
        if now >= until:
            del self._denials[client]
            return None
        return denial._replace(now=denial.now + now, cost=cost)

    def remember(self, client: str, denial: Decision, asked_at: int) -> None:
        """Keep a denial that has just come from the store, which was asked at that local time.

        The store decided some time between: the denial ends as if it had been at once, and until
        then tells to wait as if it had been just now. So it never holds or promises too much.
        """
        until_one_fits = wait(denial._replace(cost=1))
        if until_one_fits == 0:
            return
        until = asked_at + min(until_one_fits, _LONGEST)
        ahead = denial.now - self.now()
        self._denials[client] = until, denial._replace(now=ahead)
        if len(self._denials) > self._max_denials:
            self._denials.popitem(last=False)

    def forget(self, client: str) -> None:
        """Drop the denial of a client."""
        self._denials.pop(client, None)
