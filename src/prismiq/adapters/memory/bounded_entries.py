"""Entries within a bound of bytes and number, chosen by S3-FIFO.

New entries queue in a small part. Those asked for again before they reach its end move to the
main part, others leave, and only a fingerprint of their key is remembered for a while: a key that
comes back goes to the main part at once. So a scan of keys that are asked for once passes through
the small part and leaves the main part alone. Being asked for costs an entry one counter, not a
place in a list.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from sys import getsizeof

from prismiq.domain.model.cached_answer import CacheEntry

_SMALL_SHARE = 0.1
_MOST_USES = 3
"""More uses than that are not told apart, so that old fame fades."""
_OVERHEAD = 768
"""Bytes that an entry costs beside key and value: the object, its numbers, its place in a queue,
among the expiries and among the remembered keys. Measured: 500 to 700 in a full cache."""
_ANSWER, _VERSION = 360, 160
"""Bytes of an answer beside its body: its numbers and the pair, name and token of each version."""


@dataclass(slots=True)
class Entry:
    """A value until it expires. ``uses`` and ``cost`` belong to the queues."""

    value: bytes | CacheEntry
    expires_at: float = inf
    cost: int = 0
    uses: int = 0


class BoundedEntries:
    """A mapping of keys to entries that forgets what is least worth keeping.

    Args:
        max_bytes: for keys, values and what it takes to manage them.
        max_entries: the number of entries.
        on_eviction: is given each entry that leaves to make room.
    """

    def __init__(
        self, max_bytes: int, max_entries: int, on_eviction: Callable[[str, Entry], None]
    ) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._on_eviction = on_eviction
        self._small: OrderedDict[str, Entry] = OrderedDict()
        self._main: OrderedDict[str, Entry] = OrderedDict()
        self._remembered: OrderedDict[int, None] = OrderedDict()
        self._small_bytes = 0
        self._main_bytes = 0

    @property
    def used_bytes(self) -> int:
        """What the entries cost."""
        return self._small_bytes + self._main_bytes

    def __len__(self) -> int:
        return len(self._small) + len(self._main)

    def all_keys(self) -> list[str]:
        """Return all keys as of now."""
        return [*self._small, *self._main]

    def peek(self, key: str) -> Entry | None:
        """Return the entry without taking it for a use."""
        return self._main.get(key) or self._small.get(key)

    def get(self, key: str) -> Entry | None:
        """Return the entry, if there is one."""
        entry = self._main.get(key) or self._small.get(key)
        if entry is not None and entry.uses < _MOST_USES:
            entry.uses += 1
        return entry

    def pop(self, key: str) -> Entry | None:
        """Remove the entry and return it."""
        entry = self._main.pop(key, None)
        if entry is not None:
            self._main_bytes -= entry.cost
            return entry
        entry = self._small.pop(key, None)
        if entry is not None:
            self._small_bytes -= entry.cost
        return entry

    def put(self, key: str, entry: Entry) -> bool:
        """Keep an entry whose key is not there; False when it is too large to be kept.

        One entry takes at most an eighth of all bytes, or it would drive out too much else.
        """
        entry.cost = getsizeof(key) + _size_of(entry.value) + _OVERHEAD
        if entry.cost > self._max_bytes // 8:
            return False
        if self._remembered.pop(hash(key), self) is None:
            self._to_main(key, entry)
        else:
            self._small[key] = entry
            self._small_bytes += entry.cost
        while self.used_bytes > self._max_bytes or len(self) > self._max_entries:
            self._make_room()
        return True

    def _make_room(self) -> None:
        too_large = self._small_bytes > self._max_bytes * _SMALL_SHARE
        too_many = len(self._small) > self._max_entries * _SMALL_SHARE
        if not self._main or (self._small and (too_large or too_many)):
            self._shrink_small()
        else:
            self._shrink_main()

    def _shrink_small(self) -> None:
        key, entry = self._small.popitem(last=False)
        self._small_bytes -= entry.cost
        if entry.uses:
            entry.uses = 0
            self._to_main(key, entry)
            return
        self._on_eviction(key, entry)
        self._remembered[hash(key)] = None
        while len(self._remembered) > len(self):
            self._remembered.popitem(last=False)

    def _shrink_main(self) -> None:
        key, entry = self._main.popitem(last=False)
        if entry.uses:
            entry.uses -= 1
            self._main[key] = entry
        else:
            self._main_bytes -= entry.cost
            self._on_eviction(key, entry)

    def _to_main(self, key: str, entry: Entry) -> None:
        self._main[key] = entry
        self._main_bytes += entry.cost


def _size_of(value: bytes | CacheEntry) -> int:
    if isinstance(value, bytes):
        return getsizeof(value)
    texts = sum(len(name) + len(token) + _VERSION for name, token in value.versions)
    return _ANSWER + getsizeof(value.stored) + len(value.epoch) + texts
