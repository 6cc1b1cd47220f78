"""Changes as the server's own counters show them: nothing is installed, and any role may look."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prismiq.adapters.postgres.connection import Connection
from prismiq.adapters.postgres.lasting_session import PATIENCE, lasting_session, require_primary
from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.clock import Clock
from prismiq.ports.dependency_source import TableName

# The first member tells whether counters go on from where they were. A crash throws all of them
# away, and the archiver's with them, which unlike those of a database always tell since when they
# count. TRUNCATE, refreshes and rewrites give a table another file. What partitions and their
# members count comes together under their root; a partition that is attached or dropped changes it.
_READ_COUNTERS = """
SELECT json_build_array(
    (
        SELECT json_build_array(pg_postmaster_start_time(), a.stats_reset, d.stats_reset)::text
        FROM pg_stat_archiver AS a, pg_stat_database AS d
        WHERE d.datname = current_database()
    ),
    (
        SELECT json_agg(json_build_array(n.nspname, r.relname, t.state::text))
        FROM (
            SELECT
                CASE
                    WHEN c.relispartition THEN pg_partition_root(c.oid)::oid
                    ELSE c.oid
                END AS root,
                bit_xor(hash_record_extended(
                    ROW(
                        c.oid,
                        c.relfilenode,
                        pg_stat_get_tuples_inserted(c.oid),
                        pg_stat_get_tuples_updated(c.oid),
                        pg_stat_get_tuples_deleted(c.oid)
                    ),
                    0
                )) AS state
            FROM pg_class AS c
            WHERE c.relkind IN ('r', 'p', 'm')
              AND c.relpersistence <> 't'
              AND c.relnamespace NOT IN (
                  SELECT oid
                  FROM pg_namespace
                  WHERE nspname IN ('pg_catalog', 'information_schema', 'pg_toast')
              )
            GROUP BY 1
        ) AS t
        JOIN pg_class AS r ON r.oid = t.root
        JOIN pg_namespace AS n ON n.oid = r.relnamespace
    )
)::text
"""


@dataclass(frozen=True, slots=True)
class _Reading:
    """All counters at one moment."""

    epoch: str
    """Counters of different epochs cannot be compared."""
    states: Mapping[TableName, str]
    """What changes whenever a table does."""

    def changed_since(self, earlier: "_Reading") -> frozenset[TableName]:
        """Return the tables that differ, with those that came or went."""
        return frozenset(name for name, _ in self.states.items() ^ earlier.states.items())


class PostgresPollingFeed(ChangeFeed):
    """Reads ``pg_stat_*`` counters of all tables of users, with one statement each time.

    Sessions hand in what they count when they become idle, but at most once a second. So a change
    is mostly seen within a second and ``interval``. It takes up to ten seconds more where a session
    commits several times within a second and then rests. It takes longer only where a session goes
    on at once with something long, or commits amid a procedure: it hands in when that has ended.

    Seen are also refreshes of materialised views, what logical replication applies, and partitions
    that come and go. Told without a reason are changes that were rolled back, and tables that
    VACUUM FULL or CLUSTER wrote anew.

    After an outage the counters tell what has changed meanwhile, unless the server was restarted,
    crashed, or had its counters reset: then that is a gap.

    Args:
        dsn: of the primary server; a standby does not count what it replays.
        clock: tells when to read: at multiples of the interval, so that all processes hear of a
            change at about the same moment and invalidate it at once, not one after the other.
        interval: seconds from one reading to the next.
    """

    def __init__(self, dsn: str, clock: Clock, *, interval: float = 1.0) -> None:
        self._dsn = dsn
        self._clock = clock
        self._interval = interval

    async def require_possible(self) -> None:
        await require_primary(self._dsn)

    @asynccontextmanager
    async def listen(
        self,
        on_tables: Callable[[frozenset[TableName]], None],
        on_gap: Callable[[], None],
        on_connection: Callable[[bool], None],
    ) -> AsyncIterator[None]:
        last: _Reading | None = None

        def compare(reading: _Reading) -> None:
            nonlocal last
            if last is None or last.epoch != reading.epoch:
                on_gap()
            elif changed := reading.changed_since(last):
                on_tables(changed)
            last = reading

        async def use(session: Connection, proved: Callable[[], None]) -> None:
            reading = await _read(session)
            proved()
            while True:
                compare(reading)
                await self._until_next_reading()
                reading = await _read(session)

        async with lasting_session(self._dsn, use, on_connection):
            yield

    async def _until_next_reading(self) -> None:
        await asyncio.sleep(self._interval - self._clock.unix_seconds() % self._interval)


async def _read(session: Connection) -> _Reading:
    async with asyncio.timeout(PATIENCE):
        document: str = await session.fetchval(_READ_COUNTERS)
    epoch, states = json.loads(document)
    return _Reading(epoch, {(schema, table): state for schema, table, state in states or ()})
