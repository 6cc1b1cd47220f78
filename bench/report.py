"""The table at the end."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from bench.verdict import Found, Row

_VERDICTS = {True: "[green]holds[/]", False: "[red]missed[/]", None: ""}


def report(rows: Iterable[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("what")
    for header in ("ours", "floor"):
        table.add_column(header, justify="right")
    table.add_column("unit")
    table.add_column("floor is")
    for header in ("ratio", "target"):
        table.add_column(header, justify="right")
    table.add_column("verdict")
    for row in rows:
        table.add_row(
            row.what,
            _shown(row.ours),
            "" if row.floor is None else _shown(row.floor),
            row.unit,
            row.floor_name,
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.wanted,
            _VERDICTS[row.holds],
        )
    return table


def summary(rows: Iterable[Row]) -> str:
    """Return how many targets hold, and which do not."""
    judged = [row for row in rows if row.holds is not None]
    missed = [f"{row.what} ({row.floor_name or row.unit})" for row in judged if not row.holds]
    told = f"{len(judged) - len(missed)} of {len(judged)} targets hold."
    return told if not missed else f"{told} Missed: {'; '.join(missed)}."


def _shown(found: Found) -> str:
    match found:
        case bool():
            return "yes" if found else "no"
        case int():
            return f"{found:,}"
        case _ if 0 < abs(found) < 10:
            return f"{found:.3g}"
        case _:
            return f"{found:,.1f}"
