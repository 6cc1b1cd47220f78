"""What has to be in the database so that it announces changes by itself."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from prismiq.domain.model.relation_kind import RelationKind
from prismiq.ports.dependency_source import TableName


@dataclass(frozen=True, slots=True)
class TriggerPlace:
    """A table that needs a trigger of its own."""

    name: TableName
    kind: RelationKind
    announces: bool
    """Whether the trigger is there, complete and enabled."""
    is_owned: bool
    """Whether the role that looked may put it there, or take it away."""


@dataclass(frozen=True, slots=True)
class TriggeredTable:
    """A table and everything that is written to in its stead."""

    kind: RelationKind
    is_system: bool
    """Whether it belongs to the database system and not to users."""
    root: TableName | None
    """The partitioned table at the top, where this is a partition."""
    places: tuple[TriggerPlace, ...]
    """The table itself, and its partitions and heirs at all levels, in the order of their names."""


class ChangeTriggers(Protocol):
    """Puts triggers on tables and takes them away.

    All calls raise DatabaseUnavailableError when the database cannot be reached, or a table was
    in use for too long, and ConfigurationError when it refuses.
    """

    @abstractmethod
    async def read(self, tables: Collection[TableName]) -> Mapping[TableName, TriggeredTable]:
        """Return what there is. A name that no table or view has is left out."""

    @abstractmethod
    async def install(self, tables: Collection[TableName]) -> frozenset[TableName]:
        """Put a trigger on every place of the tables, all or none.

        Returns the places that had none. What is there already stays as it is.

        Raises:
            ConfigurationError: the role does not have the rights.
        """

    @abstractmethod
    async def uninstall(self, tables: Collection[TableName]) -> frozenset[TableName]:
        """Take the triggers from every place of the tables, all or none.

        Returns the places that had one. With the last trigger goes all else that was installed.

        Raises:
            ConfigurationError: the role does not have the rights.
        """
