"""Tables for people."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from prismiq.entrypoints.cli.cells import cell_text, visible


def plain_table(*headers: str) -> Table:
    """Return an empty table in the command's look."""
    return Table(*headers, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)


def result_table(
    columns: Sequence[str], numeric: Sequence[bool], rows: Iterable[Sequence[Any]]
) -> Table:
    """Return an answer as a table; ``numeric`` says which columns are aligned to the right."""
    table = plain_table()
    for name, is_number in zip(columns, numeric, strict=True):
        table.add_column(
            Text(visible(name)), justify="right" if is_number else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> Text:
    if value is None:
        return Text("null", style="dim")
    return Text(visible(cell_text(value)))
