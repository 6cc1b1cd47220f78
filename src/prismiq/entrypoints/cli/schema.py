"""``prismiq schema``."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.text import Text

from prismiq.domain.model.schema import DatabaseSchema, TableSchema
from prismiq.entrypoints.cli.cells import visible
from prismiq.entrypoints.cli.table_format import plain_table
from prismiq.entrypoints.cli.terminal import print_table
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.settings import Settings


def schema(
    table: Annotated[
        str | None, typer.Argument(help="A table, as 'table' or 'schema.table'.")
    ] = None,
) -> None:
    """Show the tables that may be asked about, or the columns of one."""
    asyncio.run(_show(table))


async def _show(name: str | None) -> None:
    async with PrismiqEngine.from_options(Settings()) as engine:
        whole = await engine.get_schema()
        if name is None:
            _print_tables(whole)
        else:
            _print_columns(await engine.get_table(name), _references(whole, name))


def _print_tables(schema: DatabaseSchema) -> None:
    tables = plain_table("schema", "table")
    tables.add_column("rows, about", justify="right")
    tables.add_column("columns", justify="right")
    tables.add_column("description")
    for table in schema.tables:
        rows = "" if table.row_count is None else f"{table.row_count:,}"
        texts = (table.schema_name, table.name, rows, str(len(table.columns)), table.description)
        tables.add_row(*map(_text, texts))
    print_table(tables)


def _print_columns(table: TableSchema, references: Mapping[str, str]) -> None:
    columns = plain_table("column", "type", "null", "key", "description")
    for column in table.columns:
        key = "primary" if column.is_primary_key else references.get(column.name)
        null = "yes" if column.is_nullable else "no"
        texts = (column.name, column.data_type, null, key, column.description)
        columns.add_row(*map(_text, texts))
    print_table(columns)


def _references(schema: DatabaseSchema, table: str) -> dict[str, str]:
    return {
        relationship.from_column: f"→ {relationship.to_table}.{relationship.to_column}"
        for relationship in schema.relationships
        if relationship.from_table == table
    }


def _text(text: str | None) -> Text:
    return Text(visible(text or ""))
