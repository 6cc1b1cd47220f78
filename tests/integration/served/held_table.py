"""A table that nobody can read until a test says so."""

import asyncio
from dataclasses import dataclass
from typing import Any

_WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'prismiq' AND wait_event_type = 'Lock'
"""
_STATEMENTS = """
SELECT coalesce(sum(calls), 0)
FROM pg_stat_statements AS s
JOIN pg_database AS d ON d.oid = s.dbid
WHERE d.datname = current_database()
  AND query LIKE '%json_build_array%"things"%' AND query NOT LIKE '%pg_stat_statements%'
"""


@dataclass(frozen=True)
class HeldTable:
    """The table, which a transaction of the test has locked, and who waits for it."""

    locker: Any
    observer: Any

    async def waits(self, sessions: int) -> set[int]:
        """Go on when so many sessions wait for the table; return their numbers."""
        async with asyncio.timeout(20):
            while len(found := await self._waiting()) != sessions:
                pass
        return found

    async def passes_from(self, sessions: set[int]) -> None:
        """Go on when one other session waits for the table, and none of these."""
        async with asyncio.timeout(20):
            while len(found := await self._waiting()) != 1 or found & sessions:
                pass

    async def _waiting(self) -> set[int]:
        return {pid for [pid] in await self.observer.fetch(_WAITING)}

    async def end(self, session: int) -> None:
        """End a session, as an administrator may."""
        await self.observer.fetchval("SELECT pg_terminate_backend($1)", session)

    async def release(self) -> None:
        await self.locker.execute("ROLLBACK")

    async def statements(self) -> int:
        """Return how many statements over the table have been answered since it was locked."""
        found: int = await self.observer.fetchval(_STATEMENTS)
        return found
