"""``prismiq check``: what is right and wrong with the settings and what they point to."""

import asyncio
import platform
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version

import typer
from pydantic import SecretStr
from rich.text import Text

from prismiq.adapters.redis.probe import RedisStoreProbe
from prismiq.domain.model.errors import PrismiqError
from prismiq.domain.services.change_coverage import Coverage, listed
from prismiq.entrypoints.cli.cells import visible
from prismiq.entrypoints.cli.changes import exposed_coverage
from prismiq.entrypoints.cli.table_format import plain_table
from prismiq.entrypoints.cli.terminal import print_table
from prismiq.entrypoints.container import EngineContainer
from prismiq.entrypoints.engine import PrismiqEngine
from prismiq.entrypoints.settings import Settings
from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.database_probe import DatabaseFacts

_PATIENCE = 5.0
"""Seconds for Redis to answer: nobody waits in a hurry, and it may be far away."""


class Mark(StrEnum):
    """How good a finding is."""

    GOOD = "ok"
    WARNING = "warning"
    FAILURE = "failed"


_STYLES = {Mark.GOOD: "green", Mark.WARNING: "yellow", Mark.FAILURE: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    mark: Mark
    subject: str
    text: str


def check() -> None:
    """Examine settings, database, privileges, tables, changes and Redis; fail if one is bad."""
    findings = asyncio.run(_examine())
    table = plain_table("", "what", "finding")
    for finding in findings:
        mark = Text(finding.mark, style=_STYLES[finding.mark])
        table.add_row(mark, Text(finding.subject), Text(visible(finding.text)))
    print_table(table)
    if any(finding.mark is Mark.FAILURE for finding in findings):
        raise typer.Exit(1)


async def _examine() -> list[Finding]:
    findings = [_versions()]
    try:
        settings = Settings()
    except PrismiqError as error:
        return [*findings, Finding(Mark.FAILURE, "settings", error.message)]
    findings.append(Finding(Mark.GOOD, "settings", "complete"))
    findings += [finding async for finding in _database(settings)]
    if settings.redis_url is not None:
        findings.append(await _redis(settings.redis_url))
    return findings


def _versions() -> Finding:
    text = f"Prismiq {version('prismiq')} on Python {platform.python_version()}"
    return Finding(Mark.GOOD, "versions", text)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    container = EngineContainer(options=settings)
    pool = container.pool()
    try:
        await pool.open()
        facts = await container.probe().inspect()
        yield Finding(Mark.GOOD, "database", f"PostgreSQL {facts.server_version}")
        for finding in _privileges(facts):
            yield finding
    except PrismiqError as error:
        yield Finding(Mark.FAILURE, "database", error.message)
        return
    finally:
        await pool.close()
    yield await _tables(settings)
    feed = container.change_feed()
    if feed is not None:
        yield await _changes(settings, feed)


def _privileges(facts: DatabaseFacts) -> Iterator[Finding]:
    warnings = []
    if facts.is_superuser:
        warnings.append("is a superuser")
    elif facts.bypasses_row_security:
        warnings.append("bypasses row-level security")
    if facts.writable_tables:
        warnings.append(f"may write to {facts.writable_tables} tables")
    if warnings:
        advice = "Give Prismiq a role that can only read."
        text = f"role {facts.role} {' and '.join(warnings)}. {advice}"
        yield Finding(Mark.WARNING, "privileges", text)
    else:
        yield Finding(Mark.GOOD, "privileges", f"role {facts.role} can only read")


async def _tables(settings: Settings) -> Finding:
    try:
        async with PrismiqEngine.from_options(settings) as engine:
            count = len((await engine.get_schema()).tables)
    except PrismiqError as error:
        return Finding(Mark.FAILURE, "tables", error.message)
    if count == 0:
        return Finding(Mark.WARNING, "tables", f"schema {settings.default_schema} has no tables")
    return Finding(Mark.GOOD, "tables", f"{count} exposed")


async def _changes(settings: Settings, feed: ChangeFeed) -> Finding:
    subject, name = "changes", settings.change_feed
    try:
        await feed.require_possible()
        coverage = await exposed_coverage(settings) if name == "notify" else ()
    except PrismiqError as error:
        return Finding(Mark.FAILURE, subject, error.message)
    silent = [each.name for each in coverage if each.coverage is not Coverage.INSTALLED]
    if silent:
        text = f"{name}, but not all of {listed(silent)}. See 'prismiq changes status'."
        return Finding(Mark.WARNING, subject, text)
    return Finding(Mark.GOOD, subject, f"announced by {name}")


async def _redis(url: SecretStr) -> Finding:
    try:
        found = await RedisStoreProbe(url.get_secret_value(), timeout=_PATIENCE).check()
    except PrismiqError as error:
        return Finding(Mark.FAILURE, "redis", error.message)
    return Finding(Mark.GOOD, "redis", f"Redis {found}")
