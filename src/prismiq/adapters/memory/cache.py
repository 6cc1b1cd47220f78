"""A cache in this process."""

from math import inf
from typing import Any

from prismiq.adapters.memory.bounded_entries import BoundedEntries, Entry
from prismiq.adapters.memory.clock import ProcessClock
from prismiq.adapters.memory.expiries import Expiries
from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.observations import CacheUsage
from prismiq.domain.rules.cache_envelope import pack
from prismiq.domain.rules.kept_value import as_kept, from_kept
from prismiq.domain.rules.key_patterns import key_pattern
from prismiq.domain.rules.time_to_live import require_ttl
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.cache_gauge import CacheGauge
from prismiq.ports.clock import Clock
from prismiq.ports.entry_memory import EntryMemory

_EXPIRIES_PER_CALL = 16
"""So that a thousand entries which expire together do not hold up one caller."""


class InMemoryCache(CacheBackend, EntryMemory, CacheGauge):
    """Bounded in bytes and entries; which entries stay, ``BoundedEntries`` decides.

    Values are kept as bytes, so that what it says it uses is true and nothing mutable is shared;
    answers are kept as the entries they are, and read as bytes by ``get``. For one
    event loop, as all of Prismiq; not for threads.

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
        value = self._value(key)
        if value is None:
            return None
        return pack(value) if isinstance(value, CacheEntry) else from_kept(value)

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        kept, ttl = as_kept(value), require_ttl(ttl)
        self._put(key, kept, inf if ttl is None else ttl)

    def find(self, key: str) -> CacheEntry | None:
        value = self._value(key)
        return value if isinstance(value, CacheEntry) else None

    def hold(self, key: str, entry: CacheEntry, seconds: float) -> None:
        self._put(key, entry, seconds)

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

    def _value(self, key: str) -> bytes | CacheEntry | None:
        now = self._drop_expired()
        entry = self._entries.get(key)
        return entry.value if entry is not None and entry.expires_at > now else None

    def _put(self, key: str, value: bytes | CacheEntry, seconds: float) -> None:
        now = self._drop_expired()
        older = self._pop(key)
        if seconds == 0:
            return
        entry = Entry(value, now + seconds, uses=older.uses if older else 0)
        self._expiries.add(key, entry.expires_at)
        if not self._entries.put(key, entry):
            self._expiries.remove(key, entry.expires_at)

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
