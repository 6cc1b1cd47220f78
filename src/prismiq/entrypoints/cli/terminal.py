"""Where the command speaks: answers on standard output, everything else on standard error."""

from rich.console import Console
from rich.table import Table

output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
messages = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)

_UNLIMITED = 1_000_000  # characters


def print_table(table: Table) -> None:
    """Print a table: fitted to a terminal, and at its full width into a file or a pipe."""
    if output.is_terminal:
        output.print(table, soft_wrap=False)
        return
    unlimited = output.options.update(width=_UNLIMITED)
    whole = Console(width=output.measure(table, options=unlimited).maximum, color_system=None)
    with whole.capture() as captured:
        whole.print(table)
    for line in captured.get().splitlines():
        write(line.rstrip())


def write(text: str, *, at_once: bool = False) -> None:
    """Write to standard output exactly this and a line end, without colours or wrapping."""
    print(text, flush=at_once)
