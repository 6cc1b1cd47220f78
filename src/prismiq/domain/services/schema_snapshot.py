"""The schema as one reading found it."""

from collections.abc import Iterable
from dataclasses import dataclass

from prismiq.domain.model.plan import Source
from prismiq.domain.model.query import QueryTable
from prismiq.domain.rules.dependencies import version_name
from prismiq.domain.rules.schema_view import SchemaView
from prismiq.ports.dependency_source import TableDependencies


@dataclass(frozen=True, slots=True, eq=False)
class SchemaSnapshot:
    """What callers may see, what it depends on, and a name for the state of it all."""

    view: SchemaView
    dependencies: TableDependencies
    generation: str
    """Part of every cache key; see ``domain.rules.schema_generation``."""

    def version_names(self, tables: Iterable[QueryTable]) -> frozenset[str] | None:
        """Return the names of all tables that answers over these depend on.

        A view counts itself, so that it can be invalidated by its name, and what it reads. None:
        answers can change although no table changes, so they must not be kept.
        """
        names: set[str] = set()
        for table in tables:
            found = self.view.table(table.name, table.schema_name)
            if found is None:
                return None
            named = (found.schema.schema_name, found.schema.name)
            reads = self.dependencies.reads.get(named)
            if reads is None:
                return None
            names.update(version_name(Source(*name)) for name in (named, *reads))
        return frozenset(names)
