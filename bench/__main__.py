"""``make bench``: measures in one run and prints one table; names of families choose a part."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.case import Case, Servers
from bench.families import FAMILIES
from bench.redis_server import running_redis
from bench.report import report, summary
from bench.serving import keep_off_the_server_core
from bench.verdict import Row
from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.entrypoints.demo.dataset import Dataset
from prismiq.entrypoints.demo.loading import ensure_loaded, reader_dsn

console = Console(width=None if sys.stdout.isatty() else 150)


async def measure(server: EmbeddedPostgres, redis_url: str, cases: Sequence[Case]) -> list[Row]:
    """Run the cases one after the other; within a case, rivals take turns."""
    rows: list[Row] = []
    servers = Servers(reader_dsn(server.dsn), redis_url)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("Loading the demo's data", total=None)
        await ensure_loaded(server.dsn, Dataset.installed(), lambda _bytes: None)
        for case in cases:
            progress.update(task, description=case.what)
            rows += await case.measure(servers)
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(prog="bench", description=__doc__)
    arguments.add_argument("family", nargs="*", choices=[[], *FAMILIES], metavar="FAMILY")
    names = arguments.parse_args().family or FAMILIES
    cases = [case for name in names for case in FAMILIES[name]]
    with tempfile.TemporaryDirectory(prefix="prismiq-bench-") as directory:
        path = Path(directory)
        path.chmod(0o755)  # started by root, the server runs as another account
        keep_off_the_server_core()
        with EmbeddedPostgres(path / "data") as server, running_redis(path) as redis_url:
            rows = uvloop.run(measure(server, redis_url, cases))
    console.print(report(rows))
    console.print(summary(rows))


if __name__ == "__main__":
    main()
