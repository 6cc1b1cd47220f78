"""``make bench``: measures every case in one run and prints one table."""

import sys
import tempfile
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.cases import CASES
from bench.report import report
from bench.serving import keep_off_the_server_core
from bench.verdict import Verdict
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.entrypoints.demo.dataset import Dataset
from prismiq.entrypoints.demo.loading import ensure_loaded, reader_dsn

console = Console(width=None if sys.stdout.isatty() else 120)


async def measure(server: EmbeddedPostgres) -> list[Verdict]:
    """Run the cases one after the other; within a case, rivals take turns."""
    verdicts = []
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("Loading the demo's data", total=None)
        await ensure_loaded(server.dsn, Dataset.installed(), lambda _bytes: None)
        for case in CASES:
            progress.update(task, description=case.what)
            verdicts.append(await case.measure(reader_dsn(server.dsn)))
    return verdicts


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="prismiq-bench-") as directory:
        path = Path(directory)
        path.chmod(0o755)  # started by root, the server runs as another account
        keep_off_the_server_core()
        with EmbeddedPostgres(path / "data") as server:
            verdicts = uvloop.run(measure(server))
    console.print(report(verdicts))


if __name__ == "__main__":
    main()
