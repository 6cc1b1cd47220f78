"""The table at the end."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from bench.verdict import Verdict


def report(verdicts: Iterable[Verdict]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("what")
    for header in ("ours", "floor"):
        table.add_column(header, justify="right")
    table.add_column("unit")
    table.add_column("floor is")
    for header in ("ratio", "target"):
        table.add_column(header, justify="right")
    table.add_column("verdict")
    for verdict in verdicts:
        bound = "≥" if verdict.at_least else "≤"
        table.add_row(
            verdict.what,
            f"{verdict.ours:,.1f}",
            f"{verdict.floor:,.1f}",
            verdict.unit,
            verdict.floor_name,
            f"{verdict.ratio:.2f}",
            f"{bound} {verdict.target:g}",
            "[green]holds[/]" if verdict.holds else "[red]missed[/]",
        )
    return table
