"""What makes cached results of a table valid."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Protocol


class TableVersions(Protocol):
    """One opaque token per table, and one for everything, shared by all processes.

    Read the tokens before a query runs and store them with its result: the result is valid for
    as long as they are the same. Invalidating a table replaces its token, at a cost that does not
    depend on how many results there are. Tokens are random and never come back, so that a store
    which forgets one invalidates and never revives.

    All calls raise StoreUnavailableError when the shared store does not answer. A number of
    tables makes one call of the store, not several.
    """

    EVERYTHING: str = "*"
    """The name under which ``read`` returns the token of everything. No table is called that."""

    @abstractmethod
    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        """Return the tokens of the tables and of EVERYTHING. What is missing is made, once."""

    @abstractmethod
    async def rotate(self, tables: Collection[str]) -> int:
        """Replace the tokens, and return how many entries that made unreachable.

        When it returns, the next ``read`` in any process sees new tokens. The number is what was
        recorded by ``count_entry`` since the last rotation. It is an upper bound: entries that
        were stored again, had expired, or were unreachable already are counted too, and one
        with several of the tables counts for each. A table that was never read counts 0.
        """

    @abstractmethod
    async def rotate_all(self) -> int:
        """Replace the token of everything, and return how many entries that made unreachable."""

    @abstractmethod
    async def count_entry(self, tables: Collection[str]) -> None:
        """Record that one entry which depends on the tables is about to be stored."""
