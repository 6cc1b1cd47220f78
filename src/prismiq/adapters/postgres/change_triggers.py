"""Puts triggers on tables that announce every change with NOTIFY."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from prismiq.adapters.postgres import change_trigger_catalog as catalog
from prismiq.adapters.postgres.errors import DRIVER_ERRORS, translate_connect
from prismiq.adapters.postgres.identifiers import quote_identifier
from prismiq.domain.model.errors import ConfigurationError, DatabaseUnavailableError
from prismiq.domain.model.relation_kind import RelationKind
from prismiq.domain.rules.displayed_text import shown
from prismiq.ports.change_triggers import (
    ChangeTriggers,
    TriggeredTable,
    TriggerPlace,
)
from prismiq.ports.dependency_source import TableName

_CONNECT_TIMEOUT = 10.0
_LOCK_TIMEOUT = 5.0
"""Seconds that a table's writers may keep us waiting, and we them."""
_DEADLINE = 60.0

_ONE_AT_A_TIME = f"SELECT pg_advisory_xact_lock(hashtextextended('{catalog.FUNCTION}', 0))"


class PostgresChangeTriggers(ChangeTriggers):
    """One function in the schema ``prismiq``, and a trigger on each table that calls it.

    Triggers fire once per statement, and in sessions with ``session_replication_role = replica``
    too. Changing them takes the rights of the tables' owner, and CREATE on the database for the
    first one.

    Args:
        dsn: with those rights.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def read(self, tables: Collection[TableName]) -> Mapping[TableName, TriggeredTable]:
        async with self._session() as session:
            return await _read(session, tables)

    async def install(self, tables: Collection[TableName]) -> frozenset[TableName]:
        async with self._session() as session, session.transaction():
            await session.execute(_ONE_AT_A_TIME)
            found = await _read(session, tables)
            places = {place for table in found.values() for place in table.places}
            _require_ownership(places)
            await _ensure_function(session)
            await _require_trust(session, [place.name for place in places])
            missing = sorted(place.name for place in places if not place.announces)
            for name in missing:
                await session.execute(_create_trigger(name))
            return frozenset(missing)

    async def uninstall(self, tables: Collection[TableName]) -> frozenset[TableName]:
        async with self._session() as session, session.transaction():
            await session.execute(_ONE_AT_A_TIME)
            found = await _read(session, tables)
            places = {place for table in found.values() for place in table.places}
            names = [place.name for place in places]
            rows = await session.fetch(catalog.READ_INSTALLED, *_columns(names))
            installed = {_name(json.loads(row[0])) for row in rows}
            _require_ownership(place for place in places if place.name in installed)
            for name in sorted(installed):
                await session.execute(f"DROP TRIGGER {catalog.TRIGGER} ON {_quoted(name)}")
            await _clear_away(session)
            return frozenset(installed)

    @asynccontextmanager
    async def _session(self) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        settings = {
            "application_name": "prismiq changes",
            "search_path": "",
            "lock_timeout": f"{_LOCK_TIMEOUT:g}s",
        }
        try:
            session = await asyncpg.connect(
                self._dsn, timeout=_CONNECT_TIMEOUT, server_settings=settings
            )
        except (*DRIVER_ERRORS, ValueError, OverflowError) as error:
            raise translate_connect(error) from None
        try:
            async with asyncio.timeout(_DEADLINE):
                yield session
        except DRIVER_ERRORS as error:
            raise _translated(error) from error
        finally:
            await session.close(timeout=_CONNECT_TIMEOUT)


def _translated(error: BaseException) -> ConfigurationError | DatabaseUnavailableError:
    match error:
        case asyncpg.InsufficientPrivilegeError():
            return ConfigurationError(
                "The database role may not do that: it takes the owner of the tables, with CREATE"
                " on the database. Give the owner's address with --database-url."
            )
        case asyncpg.ReadOnlySQLTransactionError():
            return ConfigurationError(
                "The database accepts no changes: it is a standby, or the role is set to read only."
            )
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError():
            return DatabaseUnavailableError(
                "A table was in use for too long. Nothing was changed: try again."
            )
    return DatabaseUnavailableError()


async def _read(
    session: "asyncpg.Connection[asyncpg.Record]", tables: Collection[TableName]
) -> dict[TableName, TriggeredTable]:
    document: str = await session.fetchval(catalog.READ_PLACES, *_columns(tables))
    return {
        _name(name): TriggeredTable(
            RelationKind(kind),
            is_system,
            None if root is None else _name(root),
            tuple(sorted(map(_place, places), key=lambda place: place.name)),
        )
        for name, kind, is_system, root, places in json.loads(document)
    }


def _place(document: list[Any]) -> TriggerPlace:
    name, kind, announces, is_owned = document
    return TriggerPlace(_name(name), RelationKind(kind), announces, is_owned)


def _require_ownership(places: Iterable[TriggerPlace]) -> None:
    foreign = sorted(place.name for place in places if not place.is_owned)
    if foreign:
        raise ConfigurationError(
            f"The database role does not own {shown('.'.join(foreign[0]))}."
            " Give the owner's address with --database-url."
        )


async def _ensure_function(session: "asyncpg.Connection[asyncpg.Record]") -> None:
    installed = await session.fetchrow(catalog.READ_INSTALLATION)
    if not installed["has_schema"]:
        await session.execute(catalog.CREATE_SCHEMA)
    if installed["function"] is None or installed["is_owned"]:
        await session.execute(catalog.CREATE_FUNCTION)
    elif installed["body"] != catalog.FUNCTION_BODY:
        raise ConfigurationError(
            f"The function {catalog.FUNCTION} is of another version and belongs to the role"
            f" {shown(installed['owner'])}: let that role install first."
        )


async def _require_trust(
    session: "asyncpg.Connection[asyncpg.Record]", places: Collection[TableName]
) -> None:
    distrusting = await session.fetchval(catalog.READ_DISTRUST, *_columns(places))
    if distrusting is not None:
        raise ConfigurationError(
            f"The function {catalog.FUNCTION} belongs to a role that the owner of"
            f" {shown('.'.join(json.loads(distrusting)))} has no reason to trust, as it could act"
            " as whoever writes to the table: make a superuser its owner."
        )


def _create_trigger(place: TableName) -> str:
    table = _quoted(place)
    return (
        f"CREATE OR REPLACE TRIGGER {catalog.TRIGGER}"
        f" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {catalog.FUNCTION};"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {catalog.TRIGGER}"
    )


async def _clear_away(session: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Remove the function and the schema where nothing needs them, and they are ours."""
    installed = await session.fetchrow(catalog.READ_INSTALLATION)
    function = installed["function"]
    if function is None or await session.fetchval(catalog.IS_USED, function):
        return
    if installed["is_owned"]:
        await session.execute(f"DROP FUNCTION {catalog.FUNCTION}")
        if await session.fetchval(catalog.HAS_OUR_EMPTY_SCHEMA):
            await session.execute(f"DROP SCHEMA {catalog.SCHEMA}")


def _columns(tables: Collection[TableName]) -> tuple[list[str], list[str]]:
    return [schema for schema, _ in tables], [table for _, table in tables]


def _quoted(table: TableName) -> str:
    return ".".join(map(quote_identifier, table))


def _name(pair: list[str]) -> TableName:
    schema_name, table_name = pair
    return schema_name, table_name
