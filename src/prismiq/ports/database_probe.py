"""Whether the database is there, and what this process may do in it."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What an operator wants to know about the connection.

    ``writable_tables`` counts tables the role could change: a dedicated read-only role has none.
    """

    server_version: str
    role: str
    is_superuser: bool
    bypasses_row_security: bool
    writable_tables: int


class DatabaseProbe(Protocol):
    """Both calls are cheap and bounded in time by the adapter."""

    @abstractmethod
    async def check(self) -> None:
        """Return when a statement succeeded.

        Raises:
            PoolExhaustedError: no connection became free in time; the database may be well.
            DatabaseUnavailableError: the database cannot be reached.
            QueryTimeoutError: it did not answer in time.
        """

    @abstractmethod
    async def inspect(self) -> DatabaseFacts:
        """Return facts about server and role. Raises as ``check``."""
