"""``prismiq changes``: which tables announce their changes to the feed 'notify'."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias

import typer
from rich.text import Text

from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.schema_view import qualified_name
from prismiq.domain.services.change_coverage import Coverage, TableCoverage
from prismiq.domain.services.change_installation import ChangeInstallation
from prismiq.entrypoints.cli.cells import visible
from prismiq.entrypoints.cli.table_format import plain_table
from prismiq.entrypoints.cli.terminal import messages, print_table, write
from prismiq.entrypoints.container import EngineContainer
from prismiq.entrypoints.settings import Settings
from prismiq.ports.dependency_source import TableName

changes = typer.Typer(no_args_is_help=True, help="Let the database announce changes of tables.")

Tables: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="TABLE…", help="Tables, as 'table' or 'schema.table'.")
]
DatabaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="The owner's address of the database. [default: PRISMIQ_DATABASE_URL]",
        show_default=False,
    ),
]

_STYLES = {
    Coverage.INSTALLED: "green",
    Coverage.PARTIAL: "yellow",
    Coverage.MISSING: "yellow",
    Coverage.IMPOSSIBLE: "dim",
}


@changes.command()
def install(tables: Tables, database_url: DatabaseUrl = None) -> None:
    """Put triggers on tables, so that every change is announced when it is committed.

    Partitions and heirs get their own. Run it again when partitions were added, or anything was
    lost. It makes a schema 'prismiq' with one function, and takes the rights of the tables' owner.
    """
    settings = _settings(database_url)
    asyncio.run(_change(settings, tables, ChangeInstallation.install, "announces its changes"))
    if settings.change_feed != "notify":
        messages.print("To hear of changes, servers need PRISMIQ_CHANGE_FEED=notify.")


@changes.command()
def uninstall(tables: Tables, database_url: DatabaseUrl = None) -> None:
    """Take the triggers away again; with the last one goes the schema 'prismiq'."""
    settings = _settings(database_url)
    asyncio.run(_change(settings, tables, ChangeInstallation.uninstall, "is silent"))


@changes.command()
def status(database_url: DatabaseUrl = None) -> None:
    """Show for every exposed table and view whether all changes of its answers are announced."""
    settings = _settings(database_url)
    found = asyncio.run(exposed_coverage(settings))
    table = plain_table("table", "changes are announced", "")
    for each in found:
        texts = (_text(".".join(each.name)), Text(each.coverage, style=_STYLES[each.coverage]))
        table.add_row(*texts, _text(each.reason))
    print_table(table)
    missing = sorted({".".join(name) for each in found for name in each.to_install})
    if missing:
        command = shlex.join(("prismiq", "changes", "install", *missing))
        messages.print(visible(f"To install what is missing: {command}"))
    if settings.change_feed == "off":
        messages.print("Nobody hears of changes: PRISMIQ_CHANGE_FEED is off.")
    elif settings.change_feed == "poll":
        messages.print("PRISMIQ_CHANGE_FEED is poll, which needs no triggers.")


def _settings(database_url: str | None) -> Settings:
    return Settings() if database_url is None else Settings(database_url=database_url)


async def _change(
    settings: Settings,
    tables: Sequence[str],
    change: Callable[[ChangeInstallation, set[TableName]], Awaitable[frozenset[TableName]]],
    outcome: str,
) -> None:
    names = {qualified_name(table, settings.default_schema) for table in tables}
    async with _container(settings) as container:
        changed = await change(container.change_installation(), names)
    for name in sorted(changed):
        write(visible(f"{'.'.join(name)} {outcome} now."))
    if not changed:
        write("Nothing had to be done.")


async def exposed_coverage(settings: Settings) -> Sequence[TableCoverage]:
    """Return how far the changes of everything that callers may see are announced.

    Raises:
        ConfigurationError: the address is wrong.
        DatabaseUnavailableError: the database cannot be reached.
    """
    async with _container(settings) as container:
        view = await container.catalog().view(Scope(timezone=settings.timezone))
        tables = [(table.schema_name, table.name) for table in view.schema.tables]
        installation: ChangeInstallation = container.change_installation()
        return await installation.coverage(tables)


@asynccontextmanager
async def _container(settings: Settings) -> AsyncIterator[EngineContainer]:
    container = EngineContainer(options=settings)
    pool = container.pool()
    await pool.open()
    try:
        yield container
    finally:
        await pool.close()


def _text(text: str) -> Text:
    return Text(visible(text))
