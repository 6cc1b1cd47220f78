"""Changes as triggers announce them: exact, at the moment of the commit."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from prismiq.adapters.postgres.connection import Connection
from prismiq.adapters.postgres.lasting_session import PATIENCE, lasting_session, require_primary
from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.dependency_source import TableName

CHANNEL = "prismiq_changes"
"""Channels belong to a database, so other databases of the server are not heard."""

_IS_LISTENING = f"SELECT '{CHANNEL}' IN (SELECT pg_listening_channels())"


class PostgresNotifyFeed(ChangeFeed):
    """LISTEN on a session of its own; ``prismiq changes install`` makes tables NOTIFY.

    A session that has died in silence is noticed within ``heartbeat`` and 5 seconds. A pooler
    between here and the server must not share sessions between transactions; where one has given
    this session to somebody else, the heartbeat finds that it listens no more.

    Not announced is what fires no statement trigger: changes that logical replication applies,
    partitions that are attached, detached or dropped, and refreshes of materialised views.

    Args:
        dsn: of the primary server; a standby takes no LISTEN.
        heartbeat: seconds after which the server is asked whether it is still there.
    """

    def __init__(self, dsn: str, *, heartbeat: float = 2.0) -> None:
        self._dsn = dsn
        self._heartbeat = heartbeat

    async def require_possible(self) -> None:
        await require_primary(self._dsn)

    @asynccontextmanager
    async def listen(
        self,
        on_tables: Callable[[frozenset[TableName]], None],
        on_gap: Callable[[], None],
        on_connection: Callable[[bool], None],
    ) -> AsyncIterator[None]:
        def hear(_session: object, _sender: int, _channel: str, payload: str) -> None:
            table = _table_in(payload)
            if table is None:
                on_gap()  # somebody said something that cannot be read
            else:
                on_tables(frozenset((table,)))

        async def use(session: Connection, proved: Callable[[], None]) -> None:
            is_lost = asyncio.Event()
            session.add_termination_listener(lambda _session: is_lost.set())
            async with asyncio.timeout(PATIENCE):
                await session.add_listener(CHANNEL, hear)
            proved()
            on_gap()
            while await self._is_alive(session, is_lost):
                pass

        async with lasting_session(self._dsn, use, on_connection):
            yield

    async def _is_alive(self, session: Connection, is_lost: asyncio.Event) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._heartbeat):
                await is_lost.wait()
        if is_lost.is_set():
            return False
        async with asyncio.timeout(PATIENCE):
            return bool(await session.fetchval(_IS_LISTENING))


def _table_in(payload: str) -> TableName | None:
    try:
        schema_name, table_name = json.loads(payload)
    except (TypeError, ValueError):
        return None
    if isinstance(schema_name, str) and isinstance(table_name, str):
        return schema_name, table_name
    return None
