"""Where values are kept for a while."""

from abc import abstractmethod
from typing import Any, Protocol


class CacheBackend(Protocol):
    """Keeps values under keys, in this process or in a shared store.

    Every backend returns a value with the type it was given: what
    ``domain.rules.value_codec`` can write, which is JSON and Decimal, datetime, date, time,
    timedelta, UUID, bytes and tuples. Bytes are kept as they are. Mutable values are copies.

    A backend may drop any entry at any time. An entry that is damaged or was written by another
    version is absent. Each call is atomic for its key.

    Every call of a backend with a shared store raises StoreUnavailableError, within the deadline
    of the adapter, when the store does not answer. Callers take that for a miss: a cache that
    fails is never the reason that a query fails.
    """

    @abstractmethod
    async def get(self, key: str) -> Any | None:
        """Return the value, or None when there is none. A kept None looks the same."""

    @abstractmethod
    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep ``value`` for ``ttl`` seconds in place of what was there.

        None means no expiry, zero means that nothing is kept, not even the older value.

        Raises:
            ValueError: ``ttl`` is negative or not finite, or the value is nested too deeply.
            TypeError: the value is of a type that cannot be kept.
        """

    @abstractmethod
    async def delete(self, key: str) -> bool:
        """Remove the entry and return whether there was one."""

    @abstractmethod
    async def clear(self, pattern: str | None = None) -> int:
        """Remove the entries whose whole key matches and return how many there were.

        ``*`` stands for any characters, none included, and ``?`` for exactly one. All others,
        brackets and backslashes too, stand for themselves. None removes everything. Entries
        of others in the same store are not touched. It looks at every key, so it is for
        operators and tests; invalidation goes through ``TableVersions``.
        """

    @abstractmethod
    async def exists(self, key: str) -> bool:
        """Return whether there is an entry."""
