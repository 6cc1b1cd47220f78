"""The schema as one reading found it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from prismiq.domain.model.plan import Source
from prismiq.domain.model.query import QueryTable
from prismiq.domain.rules.dependencies import version_name
from prismiq.domain.rules.schema_view import SchemaView
from prismiq.ports.dependency_source import TableDependencies

_MOST_COMBINATIONS = 1_000

_Named: TypeAlias = tuple[tuple[str, str | None], ...]
_named: Callable[[QueryTable], tuple[str, str | None]] = attrgetter("name", "schema_name")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SchemaSnapshot:
    """What callers may see, what it depends on, and a name for the state of it all."""

    view: SchemaView
    dependencies: TableDependencies
    generation: str
    """Part of every cache key; see ``domain.rules.schema_generation``."""
    _names: dict[_Named, frozenset[str] | None] = field(default_factory=dict, init=False)

    def version_names(self, tables: Iterable[QueryTable]) -> frozenset[str] | None:
        """Return the names of all tables that answers over these depend on.

        A view counts itself, so that it can be invalidated by its name, and what it reads. None:
        answers can change although no table changes, so they must not be kept.
        """
        named = tuple(map(_named, tables))
        try:
            return self._names[named]
        except KeyError:
            if len(self._names) >= _MOST_COMBINATIONS:
                self._names.clear()
            return self._names.setdefault(named, self._version_names(named))

    def _version_names(self, tables: _Named) -> frozenset[str] | None:
        names: set[str] = set()
        for name, schema_name in tables:
            found = self.view.table(name, schema_name)
            if found is None:
                return None
            full_name = (found.schema.schema_name, found.schema.name)
            reads = self.dependencies.reads.get(full_name)
            if reads is None:
                return None
            names.update(version_name(Source(*read)) for read in (full_name, *reads))
        return frozenset(names)
