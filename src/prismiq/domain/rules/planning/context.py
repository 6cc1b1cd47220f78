"""What all planning steps share: the schema, the limits, and the problems found so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from prismiq.domain.model.plan import Column
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.scope import Scope
from prismiq.domain.model.validation import FieldProblem
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.schema_view import ColumnView, SchemaView, TableView
from prismiq.domain.rules.suggestions import closest

_MOST_HELPED = 20
"""Problems, of which answers list no more. Looking for likely names takes a while each time."""


@dataclass(slots=True)
class PlanningContext:
    """One planning run.

    ``sources`` maps table ids to positions in ``tables``, where None is an unknown table.
    ``listed_values`` counts the members of all lists to compare with.
    """

    view: SchemaView
    limits: QueryLimits
    scope: Scope
    now: datetime
    problems: list[FieldProblem] = field(default_factory=list)
    tables: list[TableView | None] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    listed_values: int = 0

    def report(self, location: str, code: str, message: str, suggestion: str | None = None) -> None:
        """Note a problem and go on."""
        self.problems.append(
            FieldProblem(code=code, message=message, field=location, suggestion=suggestion)
        )

    def did_you_mean(self, name: str, candidates: Iterable[str]) -> str | None:
        """Return a question that names the closest candidate, or None when none is close."""
        match = closest(name, candidates) if len(self.problems) < _MOST_HELPED else None
        return None if match is None else f"Did you mean {shown(match)}?"

    def source(self, table_id: str, location: str) -> int | None:
        """Return the position of the table with this id, or report that there is none."""
        position = self.sources.get(table_id)
        if position is None:
            self.report(
                location,
                "unknown_table_id",
                f"No table of this query has the id {shown(table_id)}.",
                self.did_you_mean(table_id, self.sources),
            )
        return position

    def column(self, table_id: str, name: str, location: str) -> Column | None:
        """Resolve a column; ``location`` is the part of the query that names it."""
        position = self.source(table_id, f"{location}.table_id")
        if position is None:
            return None
        return self.column_of(position, name, f"{location}.column")

    def known_column(self, table_id: str, name: str) -> Column | None:
        """Resolve a column without reporting: for a second look at what was reported before."""
        position = self.sources.get(table_id)
        table = None if position is None else self.tables[position]
        if position is None or table is None or name not in table.columns:
            return None
        column = table.columns[name]
        return Column(position, name, column.schema.data_type, column.family)

    def column_of(self, position: int, name: str, location: str) -> Column | None:
        """Resolve a column of a table by position."""
        table = self.tables[position]
        if table is None:  # reported when the table was looked up
            return None
        column = table.columns.get(name)
        if column is None:
            self.report(
                location,
                "column_not_found",
                f"Table {shown(table.name)} has no column {shown(name)}.",
                self.did_you_mean(name, table.columns),
            )
            return None
        return Column(position, name, column.schema.data_type, column.family)

    def column_view(self, column: Column) -> ColumnView:
        """Return what the schema says about a resolved column."""
        return self.table(column.source).columns[column.name]

    def table(self, position: int) -> TableView:
        """Return the table of a resolved column."""
        table = self.tables[position]
        assert table is not None, "resolved columns belong to known tables"  # noqa: S101
        return table
