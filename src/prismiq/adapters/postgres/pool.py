"""Connections to PostgreSQL, shared."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from prismiq.adapters.postgres.connection import Connection, connect
from prismiq.adapters.postgres.errors import DRIVER_ERRORS, translate
from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    EngineNotStartedError,
    PoolExhaustedError,
)
from prismiq.domain.model.observations import PoolUsage

_DEADLINE_GRACE = 1.0  # seconds the server has to report its own timeout before we give up on it
_RECOVERY_TIMEOUT = 2.0  # seconds for the server to confirm that a broken-off statement ended


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many connections there are and how long things may take, in seconds."""

    min_size: int = 1
    """Connections made at the start and kept when idle."""
    max_size: int = 10
    acquire_timeout: float = 5.0
    """For a connection to become free."""
    connect_timeout: float = 5.0
    statement_timeout: float = 30.0
    idle_timeout: float = 300.0
    """An unused connection older than this is replaced: firewalls forget it in silence."""
    close_timeout: float = 5.0
    """For running statements to end when the pool closes."""
    application_name: str = "prismiq"

    def __post_init__(self) -> None:
        if not 1 <= self.min_size <= self.max_size:
            raise ConfigurationError(
                "The pool's sizes must be 1 <= min_size <= max_size;"
                f" they are {self.min_size} and {self.max_size}."
            )


class PostgresPool:
    """At most ``max_size`` read-only sessions, lent one borrower at a time.

    The driver's own pool is not used: it takes three event loop turns to lend and take back a
    connection, and makes a borrower who gives up wait until the server confirms it. Here a
    healthy connection changes hands without waiting, and one whose statement was broken off is
    brought back in the background or, if the server does not answer, dropped. A connection
    that the server closed meanwhile is replaced unseen.
    """

    def __init__(self, dsn: str, settings: PoolSettings | None = None) -> None:
        self._dsn = dsn
        self._settings = settings or PoolSettings()
        self._is_open = False
        self._slots = asyncio.Semaphore(self._settings.max_size)
        self._idle: list[Connection] = []  # the last one used is the first one reused
        self._connections: set[Connection] = set()
        self._recoveries: set[asyncio.Task[None]] = set()
        self._waiting = 0

    @property
    def size(self) -> int:
        """How many connections there are, in use or not."""
        return len(self._connections)

    @property
    def idle_size(self) -> int:
        """How many connections wait for a borrower."""
        return len(self._idle)

    def usage(self) -> PoolUsage:
        """Return how the connections are used at this moment."""
        return PoolUsage(
            size=self.size,
            idle=self.idle_size,
            waiting=self._waiting,
            max_size=self._settings.max_size,
        )

    async def open(self) -> None:
        """Make the first connections.

        Raises:
            ConfigurationError: the URL is not valid, or login or database are refused.
            DatabaseUnavailableError: the database cannot be reached.
        """
        if self._is_open:
            return
        self._slots = asyncio.Semaphore(self._settings.max_size)  # bound to this event loop
        try:
            for _ in range(self._settings.min_size):
                self._keep(await self._connect())
        except BaseException:
            self._drop_all()
            raise
        self._is_open = True

    async def close(self) -> None:
        """Let running statements end, within bounds, then close every connection."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.close_timeout):
                    for _ in range(self._settings.max_size):
                        await self._slots.acquire()
                    for connection in self._idle:
                        with suppress(*DRIVER_ERRORS):
                            await connection.close()
        finally:  # also when nobody has the patience to wait for it
            self._drop_all()
            for recovery in self._recoveries:
                recovery.cancel()
        await asyncio.gather(*self._recoveries, return_exceptions=True)

    @asynccontextmanager
    async def acquire(
        self, *, seconds: float | None = None, patience: float | None = None
    ) -> AsyncIterator[Connection]:
        """Lend a connection for the block, which may take that many seconds.

        Without it the server's statement timeout decides, and ours is a little later in case
        the server does not answer. When the block is left by an exception, its statement is
        cancelled on the server. ``patience`` is the time in seconds for a connection to become
        free, where it is not the pool's usual one.

        Raises:
            EngineNotStartedError: the pool is not open.
            PoolExhaustedError: no connection became free in time.
            DatabaseUnavailableError: the database cannot be reached, or went away.
            QueryTimeoutError: the block took too long.
            QueryExecutionError, SchemaChangedError: the database refused a statement.
        """
        allowed = self._settings.statement_timeout if seconds is None else seconds
        deadline = allowed + _DEADLINE_GRACE if seconds is None else allowed
        slots = self._slots  # a slot goes back to where it is from, even after a reopening
        connection = await self._borrow(slots, patience)
        succeeded = False
        try:
            async with asyncio.timeout(deadline):
                yield connection
            succeeded = True
        except DRIVER_ERRORS as error:
            lost = connection.is_closed()
            raise translate(error, timeout=allowed, connection_lost=lost) from error
        finally:
            self._take_back(connection, slots, succeeded=succeeded)

    async def reach(self) -> None:
        """Connect beside the pool and hang up: is the server there, while no connection is free?

        Raises:
            PoolExhaustedError: it is, and has no connection left either.
            DatabaseUnavailableError: the database cannot be reached.
        """
        try:
            connection = await self._connect()
        except ConfigurationError as error:
            raise DatabaseUnavailableError from error
        try:
            await connection.close()
        except DRIVER_ERRORS as error:
            raise DatabaseUnavailableError from error
        finally:
            self._drop(connection)

    async def _borrow(self, slots: asyncio.Semaphore, patience: float | None) -> Connection:
        self._check_open(slots)
        await self._take_slot(slots, patience)
        try:
            self._check_open(slots)  # it may have closed while this caller stood in line
            return self._reuse() or await self._connect_for(slots)
        except ConfigurationError as error:
            # It worked when the pool was opened: what is wrong now is not for callers to know.
            slots.release()
            raise DatabaseUnavailableError from error
        except BaseException:
            slots.release()
            raise

    def _check_open(self, slots: asyncio.Semaphore) -> None:
        if not self._is_open or slots is not self._slots:
            raise EngineNotStartedError

    async def _take_slot(self, slots: asyncio.Semaphore, patience: float | None) -> None:
        if not slots.locked():
            await slots.acquire()  # returns at once
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(
                self._settings.acquire_timeout if patience is None else patience
            ):
                await slots.acquire()
        except TimeoutError:
            raise PoolExhaustedError from None
        finally:
            self._waiting -= 1

    def _reuse(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_quiet() and not self._is_stale(connection):
                return connection
            self._drop(connection)
        return None

    def _is_stale(self, connection: Connection) -> bool:
        idle_for = asyncio.get_running_loop().time() - connection.idle_since
        return idle_for > self._settings.idle_timeout

    async def _connect_for(self, slots: asyncio.Semaphore) -> Connection:
        connection = await self._connect()
        try:
            self._check_open(slots)  # it may have closed meanwhile, without this connection
        except EngineNotStartedError:
            self._drop(connection)
            raise
        return connection

    async def _connect(self) -> Connection:
        connection = await connect(
            self._dsn,
            connect_timeout=self._settings.connect_timeout,
            statement_timeout=self._settings.statement_timeout,
            application_name=self._settings.application_name,
        )
        self._connections.add(connection)
        return connection

    def _take_back(
        self, connection: Connection, slots: asyncio.Semaphore, *, succeeded: bool
    ) -> None:
        if connection.is_closed() or (succeeded and not connection.is_in_transaction()):
            self._keep(connection)
            slots.release()
        else:
            recovery = asyncio.create_task(self._recover(connection, slots))
            self._recoveries.add(recovery)
            recovery.add_done_callback(self._recoveries.discard)

    async def _recover(self, connection: Connection, slots: asyncio.Semaphore) -> None:
        """Bring a session back to a known state. Its slot stays taken until the server agrees."""
        recovered = False
        try:
            with suppress(*DRIVER_ERRORS):
                async with asyncio.timeout(_RECOVERY_TIMEOUT):
                    await connection.execute("ROLLBACK")
                recovered = True
        finally:
            (self._keep if recovered else self._drop)(connection)
            slots.release()

    def _keep(self, connection: Connection) -> None:
        if connection.is_closed() or connection.has_changed():
            self._drop(connection)
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)
        if len(self._idle) > self._settings.min_size and self._is_stale(self._idle[0]):
            self._drop(self._idle.pop(0))

    def _drop(self, connection: Connection) -> None:
        self._connections.discard(connection)
        connection.terminate()

    def _drop_all(self) -> None:
        self._idle.clear()
        for connection in tuple(self._connections):
            self._drop(connection)
