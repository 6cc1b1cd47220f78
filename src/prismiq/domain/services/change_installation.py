"""Making tables announce their changes, and saying why some cannot."""

from collections.abc import Collection, Mapping, Sequence

from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.relation_kind import RelationKind
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.services.change_coverage import (
    TableCoverage,
    coverage_of,
    listed,
    tables_read,
)
from prismiq.ports.change_triggers import ChangeTriggers, TriggeredTable
from prismiq.ports.dependency_source import DependencySource, TableName


class ChangeInstallation:
    """Installs triggers for the feed 'notify', takes them away, and reports on them.

    All calls raise DatabaseUnavailableError when the database cannot be reached.

    Args:
        triggers: puts them in place.
        dependencies: tell what views read.
    """

    def __init__(self, triggers: ChangeTriggers, dependencies: DependencySource) -> None:
        self._triggers = triggers
        self._dependencies = dependencies

    async def install(self, tables: Collection[TableName]) -> frozenset[TableName]:
        """Make the tables announce every change; all or none.

        Returns the tables, partitions and heirs that did not before.

        Raises:
            ConfigurationError: one of them cannot, or the role does not have the rights. The
                message says what to do instead.
        """
        await self._require_possible(tables)
        return await self._triggers.install(tables)

    async def uninstall(self, tables: Collection[TableName]) -> frozenset[TableName]:
        """Make the tables announce nothing any more; all or none.

        Returns the tables, partitions and heirs that did before.

        Raises:
            ConfigurationError: there is no such table, or the role does not have the rights.
        """
        await self._require_existence(tables)
        return await self._triggers.uninstall(tables)

    async def coverage(self, tables: Collection[TableName]) -> Sequence[TableCoverage]:
        """Return for each table or view how far its changes are announced, in order of names."""
        schemas = sorted({schema_name for schema_name, _ in tables})
        dependencies = await self._dependencies.read(schemas)
        found = await self._triggers.read(tables_read(dependencies, tables))
        return [coverage_of(name, dependencies, found) for name in sorted(tables)]

    async def _require_existence(
        self, tables: Collection[TableName]
    ) -> Mapping[TableName, TriggeredTable]:
        found = await self._triggers.read(tables)
        for name in tables:
            if name not in found:
                raise ConfigurationError(f"There is no table {_shown(name)}.")
        return found

    async def _require_possible(self, tables: Collection[TableName]) -> None:
        for name, table in (await self._require_existence(tables)).items():
            if table.kind is RelationKind.VIEW:
                raise ConfigurationError(f"{_shown(name)} {await self._advice_for_view(name)}")
            if obstacle := _obstacle(table):
                raise ConfigurationError(f"{_shown(name)} {obstacle}")

    async def _advice_for_view(self, name: TableName) -> str:
        schema_name, _ = name
        reads = (await self._dependencies.read([schema_name])).reads.get(name)
        if reads is None:
            return "is a view whose answers can change by themselves, so they are not kept."
        if not reads:
            return "is a view that reads no table, so its answers never change."
        return f"is a view. Name what it reads: {listed(sorted(reads), most=20)}."


def _obstacle(table: TriggeredTable) -> str | None:
    if table.is_system:
        return "belongs to PostgreSQL itself and cannot announce changes."
    if table.root is not None:
        return f"is a partition of {_shown(table.root)}: name that one, for all its partitions."
    if table.kind is RelationKind.MATERIALIZED_VIEW:
        return (
            "is a materialised view, which cannot have triggers: use the feed 'poll', or invalidate"
            " it after each refresh."
        )
    if any(place.kind is RelationKind.FOREIGN_TABLE for place in table.places):
        return (
            "is a foreign table or has one among its partitions or heirs: that one changes"
            " elsewhere, so answers over it are not kept."
        )
    return None


def _shown(name: TableName) -> str:
    return shown(".".join(name))
