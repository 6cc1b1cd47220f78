"""Invalidations that the shared store has not heard of yet."""

from collections.abc import Collection
from typing import NamedTuple

from prismiq.ports.table_versions import TableVersions

_EVERYTHING = TableVersions.EVERYTHING


class PendingBatch(NamedTuple):
    """What was to be invalidated at some moment."""

    names: frozenset[str]
    last_change: int


class PendingInvalidations:
    """A queue of which only the last word counts: each name is in it once.

    Args:
        most_names: more than so many names become everything, so that the queue stays small.
    """

    def __init__(self, most_names: int = 1_000) -> None:
        self._most_names = most_names
        self._last_change = 0
        self._changes: dict[str, int] = {}  # each name with the change that added it last

    def __bool__(self) -> bool:
        return bool(self._changes)

    def add(self, names: Collection[str]) -> None:
        """Add names of tables, or that of everything, which includes those before it."""
        self._last_change += 1
        self._changes.update(dict.fromkeys(names, self._last_change))
        if _EVERYTHING in names or len(self._changes) > self._most_names:
            self._changes = {_EVERYTHING: self._last_change}

    def batch(self) -> PendingBatch:
        """Return what is pending now. It stays pending until it is ``done``."""
        return PendingBatch(frozenset(self._changes), self._last_change)

    def done(self, batch: PendingBatch) -> None:
        """Remove a batch, but not what was added again since it was taken."""
        self._changes = {
            name: change for name, change in self._changes.items() if change > batch.last_change
        }
