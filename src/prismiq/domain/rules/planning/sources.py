"""Step 1: the tables of the query."""

from collections.abc import Sequence

from prismiq.domain.model.query import QueryTable
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext


def resolve_sources(tables: Sequence[QueryTable], context: PlanningContext) -> None:
    """Look up every table and register its id in the context."""
    for index, table in enumerate(tables):
        location = f"tables[{index}]"
        if table.id in context.sources:
            context.report(
                f"{location}.id",
                "duplicate_table_id",
                f"The table id {shown(table.id)} is used more than once.",
                "Give each table of the query an id of its own.",
            )
        else:
            context.sources[table.id] = index
        found = context.view.table(table.name, table.schema_name)
        context.tables.append(found)
        if found is None:
            names = context.view.table_names()
            context.report(
                f"{location}.name",
                "table_not_found",
                f"There is no table {shown(table.name)}.",
                context.did_you_mean(table.name, names),
            )
