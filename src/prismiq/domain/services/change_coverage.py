"""Of which tables every change is announced, and where something is missing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prismiq.domain.model.relation_kind import RelationKind
from prismiq.ports.change_triggers import TriggeredTable
from prismiq.ports.dependency_source import TableDependencies, TableName


class Coverage(StrEnum):
    """How much of what an answer depends on is announced."""

    INSTALLED = "installed"
    PARTIAL = "partial"
    MISSING = "missing"
    IMPOSSIBLE = "not possible"


@dataclass(frozen=True, slots=True)
class TableCoverage:
    """What was found about one table or view that queries can name."""

    name: TableName
    coverage: Coverage
    reason: str
    """What is missing or impossible; empty where everything is well."""
    to_install: tuple[TableName, ...] = ()
    """The tables whose triggers are missing, as ``install`` takes them."""


def coverage_of(
    name: TableName, dependencies: TableDependencies, found: Mapping[TableName, TriggeredTable]
) -> TableCoverage:
    """Return how far changes of answers over a table or view are announced.

    Args:
        name: the table or view.
        dependencies: what it depends on.
        found: what there is of each of those.
    """
    reads = dependencies.reads.get(name)
    if reads is None:
        reason = "its answers can change without a change of any table, so they are not kept"
        return TableCoverage(name, Coverage.IMPOSSIBLE, reason)
    without_triggers = sorted(
        read for read in reads if (table := found.get(read)) is None or has_no_triggers(table)
    )
    if without_triggers:
        reason = (
            f"{listed(without_triggers)} cannot have triggers:"
            " use the feed 'poll', or invalidate after each refresh"
        )
        return TableCoverage(name, Coverage.IMPOSSIBLE, reason)
    places = [place for read in reads for place in found[read].places]
    silent = sorted({place.name for place in places if not place.announces})
    if not silent:
        return TableCoverage(name, Coverage.INSTALLED, "")
    to_install = tuple(
        sorted(read for read in reads if any(not place.announces for place in found[read].places))
    )
    if len(silent) == len({place.name for place in places}):
        reason = "" if to_install == (name,) else f"it reads {listed(to_install)}"
        return TableCoverage(name, Coverage.MISSING, reason, to_install)
    return TableCoverage(name, Coverage.PARTIAL, f"missing on {listed(silent)}", to_install)


def has_no_triggers(table: TriggeredTable) -> bool:
    """Return whether the table is of a kind that cannot announce anything."""
    return table.kind not in {RelationKind.TABLE, RelationKind.PARTITIONED_TABLE}


def tables_read(dependencies: TableDependencies, names: Iterable[TableName]) -> set[TableName]:
    """Return all that answers over these tables and views depend on, where that is known."""
    return {read for name in names for read in dependencies.reads.get(name) or ()}


def listed(names: Collection[TableName], *, most: int = 3) -> str:
    """Return names for people, the first few of many."""
    first = ", ".join(".".join(name) for name in list(names)[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most} more"
