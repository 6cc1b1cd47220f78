"""A cache in this process."""

from math import inf
from typing import Any

from prismiq.adapters.memory.bounded_entries import BoundedEntries, Entry
from prismiq.adapters.memory.clock import ProcessClock
from prismiq.adapters.memory.expiries import Expiries
from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.observations import CacheUsage
from prismiq.domain.rules.kept_value import as_kept, from_kept
from prismiq.domain.rules.key_patterns import key_pattern
from prismiq.domain.rules.time_to_live import require_ttl
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock

_EXPIRIES_PER_CALL = 16
"""So that a thousand entries which expire together do not hold up one caller."""


class InMemoryCache(CacheBackend, CacheGauge):
    """Bounded in bytes and entries; which entries stay, ``BoundedEntries`` decides.

    Values are kept as bytes, so that what it says it uses is true and nothing mutable is shared.
    For one event loop, as all of Prismiq; not for threads.

    Args:
        max_bytes: for keys, values and what it takes to manage them. A value of more than an
            eighth of it is not kept.
        max_entries: the number of entries.
        clock: tells when entries expire.

    Raises:
        ConfigurationError: a bound is less than one.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 64 * 1024 * 1024,
        max_entries: int = 100_000,
        clock: Clock | None = None,
    ) -> None:
        if max_bytes < 1 or max_entries < 1:
            raise ConfigurationError("The bounds of the in-memory cache must be at least 1.")
        self._entries = BoundedEntries(max_bytes, max_entries, self._evicted)
        self._expiries = Expiries()
        self._monotonic = (clock or ProcessClock()).monotonic
        self._evictions = 0
        self._max_bytes = max_bytes

    def usage(self) -> CacheUsage:
        return CacheUsage(self.used_bytes, len(self), self._max_bytes, self._evictions)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def used_bytes(self) -> int:
        """What the entries cost, with their keys and what it takes to manage them."""
        return self._entries.used_bytes

    @property
    def evictions(self) -> int:
        """How many entries had to leave for others so far."""
        return self._evictions

    async def get(self, key: str) -> Any | None:
        now = self._drop_expired()
        entry = self._entries.get(key)
        return from_kept(entry.value) if entry is not None and entry.expires_at > now else None

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        kept, ttl = as_kept(value), require_ttl(ttl)
        now = self._drop_expired()
        older = self._pop(key)
        if ttl == 0:
            return
        entry = Entry(kept, inf if ttl is None else now + ttl, uses=older.uses if older else 0)
        self._expiries.add(key, entry.expires_at)
        if not self._entries.put(key, entry):
            self._expiries.remove(key, entry.expires_at)

    async def delete(self, key: str) -> bool:
        now = self._drop_expired()
        entry = self._pop(key)
        return entry is not None and entry.expires_at > now

    async def clear(self, pattern: str | None = None) -> int:
        now = self._monotonic()
        matches = key_pattern("*" if pattern is None else pattern).fullmatch
        gone = [self._pop(key) for key in self._entries.all_keys() if matches(key)]
        return sum(entry is not None and entry.expires_at > now for entry in gone)

    async def exists(self, key: str) -> bool:
        now = self._drop_expired()
        entry = self._entries.peek(key)
        return entry is not None and entry.expires_at > now

    def _pop(self, key: str) -> Entry | None:
        entry = self._entries.pop(key)
        if entry is not None:
            self._expiries.remove(key, entry.expires_at)
        return entry

    def _evicted(self, key: str, entry: Entry) -> None:
        self._evictions += 1
        self._expiries.remove(key, entry.expires_at)

    def _drop_expired(self) -> float:
        now = self._monotonic()
        for _ in range(_EXPIRIES_PER_CALL):
            key = self._expiries.first_due(now)
            if key is None:
                break
            self._pop(key)
        return now
