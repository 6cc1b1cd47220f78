"""Which entries have expired, without looking at those that have not."""

from heapq import heapify, heappop, heappush
from math import ceil, inf

_SLACK = 64


class Expiries:
    """Keys by the second in which they expire. Adding and removing take constant time."""

    def __init__(self) -> None:
        self._keys_by_second: dict[int, dict[str, None]] = {}
        self._seconds: list[int] = []  # a heap; a second may be in it that has no keys any more

    def add(self, key: str, expires_at: float) -> None:
        """Remember the key, unless it never expires."""
        if expires_at == inf:
            return
        second = ceil(expires_at)
        if second not in self._keys_by_second:
            self._keys_by_second[second] = {}
            self._push(second)
        self._keys_by_second[second][key] = None

    def remove(self, key: str, expires_at: float) -> None:
        """Forget the key. It must have been added with the same time."""
        if expires_at == inf:
            return
        second = ceil(expires_at)
        keys = self._keys_by_second[second]
        del keys[key]
        if not keys:
            del self._keys_by_second[second]

    def first_due(self, now: float) -> str | None:
        """Return a key that has expired, if there is one. It stays until it is removed."""
        while self._seconds and self._seconds[0] <= now:
            if keys := self._keys_by_second.get(self._seconds[0]):
                return next(reversed(keys))
            heappop(self._seconds)
        return None

    def _push(self, second: int) -> None:
        heappush(self._seconds, second)
        if len(self._seconds) > 2 * len(self._keys_by_second) + _SLACK:
            self._seconds = list(self._keys_by_second)
            heapify(self._seconds)
