"""Where the schema is read from."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from prismiq.domain.model.schema import DatabaseSchema


class SchemaSource(Protocol):
    """Reads tables, views and how they relate, in a number of statements that does not grow."""

    @abstractmethod
    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        """Return every table, view, materialised view and partitioned table of the schemas.

        Partitions themselves are left out. Relationships are bare column pairs; table names in
        them are always ``schema.table``. A schema that does not exist contributes nothing.

        Raises:
            DatabaseUnavailableError: the database cannot be reached.
            QueryTimeoutError: it did not answer in time.
        """
