"""All subcommands together."""

from importlib.metadata import version
from typing import Annotated

import typer

from prismiq.entrypoints.cli.cache import cache
from prismiq.entrypoints.cli.changes import changes
from prismiq.entrypoints.cli.check import check
from prismiq.entrypoints.cli.demo import demo
from prismiq.entrypoints.cli.limits import limits
from prismiq.entrypoints.cli.openapi import openapi
from prismiq.entrypoints.cli.query import query
from prismiq.entrypoints.cli.schema import schema
from prismiq.entrypoints.cli.serve import serve
from prismiq.entrypoints.cli.terminal import write

application = typer.Typer(
    name="prismiq",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - how options call back
    if wanted:
        write(f"prismiq {version('prismiq')}")
        raise typer.Exit


@application.callback()
def prismiq(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Embedded analytics over PostgreSQL. Settings come from the environment (PRISMIQ_…)."""


for command in (demo, serve, check, schema, query, openapi):
    application.command()(command)
application.add_typer(cache, name="cache")
application.add_typer(changes, name="changes")
application.add_typer(limits, name="limits", no_args_is_help=True)
