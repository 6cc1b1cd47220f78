"""Where this process keeps answers, ready to be served."""

from abc import abstractmethod
from typing import Protocol, runtime_checkable

from prismiq.domain.model.cached_answer import CacheEntry


@runtime_checkable
class EntryMemory(Protocol):
    """Entries as objects: a hit copies, parses and awaits nothing.

    Bounded, so that any entry may be gone at any time. Nothing tells it of invalidations, since
    every entry carries the versions it is valid for.
    """

    @abstractmethod
    def find(self, key: str) -> CacheEntry | None:
        """Return the entry, if there is one."""

    @abstractmethod
    def hold(self, key: str, entry: CacheEntry, seconds: float) -> None:
        """Keep an entry in place of what was there, for some seconds, which may be infinite.

        It is as ``cache_entry.inflate`` makes them, and its body is of type ``bytes``.
        """
