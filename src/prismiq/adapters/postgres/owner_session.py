"""Preparing a database that is ours, such as the demo's. Queries never come this way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from prismiq.domain.model.errors import DatabaseUnavailableError


class OwnerSession:
    """One connection with the rights of its role. Statements are the program's own text."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def run(self, script: str) -> None:
        """Run one or several statements."""
        await self._connection.execute(script)

    async def value(self, statement: str) -> Any:
        """Return the first column of the first row; None where there is no row."""
        return await self._connection.fetchval(statement)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All or nothing of what happens inside."""
        async with self._connection.transaction():
            yield

    async def copy_csv(self, table: str, chunks: AsyncIterator[bytes], *, null: str) -> None:
        """Fill ``table`` of the first schema from CSV with a header line."""
        copying = asyncio.ensure_future(
            self._connection.copy_to_table(
                table, source=chunks, format="csv", header=True, null=null
            )
        )
        # The driver waits for ever when the server goes away while it takes no more rows.
        self._connection.add_termination_listener(lambda _connection: copying.cancel())
        try:
            await copying
        except asyncio.CancelledError:
            if self._connection.is_closed():
                raise ConnectionResetError from None
            raise


@asynccontextmanager
async def owner_session(dsn: str) -> AsyncIterator[OwnerSession]:
    """Connect for the duration of the block.

    Raises:
        DatabaseUnavailableError: the database cannot be reached, failed, or went away.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            yield OwnerSession(connection)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUnavailableError("The database could not be prepared.") from error
