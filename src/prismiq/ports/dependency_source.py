"""What answers over a table or view depend on."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

TableName: TypeAlias = tuple[str, str]
"""The names of a schema and of a table in it."""


@dataclass(frozen=True, slots=True)
class TableDependencies:
    """What was found at one moment. A change of the schema makes it out of date."""

    reads: Mapping[TableName, frozenset[TableName] | None]
    """The tables whose change can change an answer over a table or view.

    They are in any schema, and never views: a view that is asked for by name is the caller's to
    add. An empty set means that no change of a table matters. None means unknown: answers may
    change without a change of any table that could be named, so they are not to be kept.
    """
    roots: Mapping[TableName, TableName]
    """The partitioned table at the top, for every partition at any level below it.

    It has the partitions of all the partitioned tables in ``reads``. Only roots are in ``reads``,
    so whoever announces that a partition changed announces its root.
    """
    definitions: str = ""
    """A digest of what views, columns, policies and privileges are defined as.

    It changes when one of them is made anew, also if tables and columns look as before.
    """
    origin: str = ""
    """A digest of which database this is, and of the role that reads it.

    Replicas have that of their primary. Copies and databases set up by the same script have
    others, and so has another role: its policies may show it other rows.
    """


class DependencySource(Protocol):
    """Reads them from the database, in a number of statements that does not grow.

    What each kind of table depends on:

    - a table: itself, and the tables that inherit from it;
    - a partitioned table: itself. A partition that a view names counts as its root;
    - a view: what it reads, through other views too;
    - a materialised view: itself only, because it changes when it is refreshed;
    - a foreign table, and what has one among its partitions or heirs: unknown;
    - all of them: what the row-level security policies for reading, of any table on the way, read.

    Views and policies are unknown when they read what is not a table of a user: system catalogs
    and sequences; and when they call what can give another value for the same arguments or can
    read tables by itself. The adapter says which functions those are.
    """

    @abstractmethod
    async def read(self, schema_names: Sequence[str]) -> TableDependencies:
        """Return them for every table and view of the schemas that queries can name.

        Those are tables, views, materialised views, partitioned tables and foreign tables, but
        not partitions. A schema that does not exist contributes nothing.

        Raises:
            DatabaseUnavailableError: the database cannot be reached.
            QueryTimeoutError: it did not answer in time.
        """
