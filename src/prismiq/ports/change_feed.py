"""Hearing from the database itself that tables have changed."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from prismiq.ports.dependency_source import TableName


class ChangeFeed(Protocol):
    """Tells which tables others have written to, soon after they committed.

    A change is told after it can be seen, never before. It can be told more often than it
    happened, and tables can be told that did not change in the end. Partitions are told as their
    root; see ``TableDependencies.roots``.
    """

    @abstractmethod
    async def require_possible(self) -> None:
        """Check that this database can tell its changes.

        Raises:
            ConfigurationError: it cannot, because it is a standby for instance. The message says
                what to do.
            DatabaseUnavailableError: it cannot be reached.
        """

    @abstractmethod
    def listen(
        self,
        on_tables: Callable[[frozenset[TableName]], None],
        on_gap: Callable[[], None],
        on_connection: Callable[[bool], None],
    ) -> AbstractAsyncContextManager[None]:
        """Call back for as long as the context is entered. Entering it does not wait.

        A lost connection is replaced by itself. None of the callbacks may block, await or raise.

        Args:
            on_tables: is given tables that have changed.
            on_gap: means that any table may have changed without being told until now, and none
                will from now on. It is called when the first connection stands, and after every
                later one that could not find out what it missed.
            on_connection: is told True when a connection stands, False when it was lost or could
                not be made.
        """
