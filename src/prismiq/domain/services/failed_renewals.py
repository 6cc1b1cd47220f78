"""Renewals that have failed a moment ago, so that not every hit tries again."""

from collections import OrderedDict

from prismiq.ports.clock import Clock


class FailedRenewals:
    """Names of answers that nobody tries to renew for a while.

    A kept answer is asked for thousands of times in a second. Without a pause, each of these hits
    would ask a database that is away, or for a place that is not free. Beyond ``max_names`` the
    oldest is dropped, which costs another try.

    Args:
        clock: measures the pause.
        seconds: how long it is.
        max_names: how many are remembered.
    """

    def __init__(self, clock: Clock, *, seconds: float = 1.0, max_names: int = 1_000) -> None:
        self._monotonic = clock.monotonic
        self._seconds = seconds
        self._max_names = max_names
        self._until: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, name: str) -> bool:
        """Whether the renewal should wait."""
        until = self._until.get(name)
        if until is None:
            return False
        if self._monotonic() < until:
            return True
        del self._until[name]
        return False

    def add(self, name: str) -> None:
        """Begin a pause."""
        self._until[name] = self._monotonic() + self._seconds
        self._until.move_to_end(name)
        if len(self._until) > self._max_names:
            self._until.popitem(last=False)
