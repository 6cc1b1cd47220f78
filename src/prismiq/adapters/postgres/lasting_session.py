"""A session of its own that is made again whenever it is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NoReturn, TypeAlias

from prismiq.adapters.postgres.connection import Connection, connect
from prismiq.adapters.postgres.errors import DRIVER_ERRORS, translate
from prismiq.domain.model.errors import ConfigurationError, PrismiqError

PATIENCE = 5.0
"""Seconds within which the server must connect or answer a small question."""
APPLICATION_NAME = "prismiq changes"

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_FAREWELL = 1.0  # seconds for the server to take note that we leave

Use: TypeAlias = Callable[[Connection, Callable[[], None]], Awaitable[None]]


async def require_primary(dsn: str) -> None:
    """Check that the server takes writes itself, so that it knows of them.

    Raises:
        ConfigurationError: it is a standby, or the address is wrong.
        DatabaseUnavailableError: it cannot be reached.
    """
    session = await _open(dsn)
    try:
        async with asyncio.timeout(PATIENCE):
            is_standby = await session.fetchval("SELECT pg_is_in_recovery()")
    except DRIVER_ERRORS as error:
        raise translate(error, timeout=PATIENCE, connection_lost=session.is_closed()) from error
    finally:
        await _close(session)
    if is_standby:
        raise ConfigurationError(
            "The database announces changes on the primary server only, and the database URL leads"
            " to a standby: set the change feed to off, or give the primary's address."
        )


@asynccontextmanager
async def lasting_session(
    dsn: str, use: Use, on_connection: Callable[[bool], None]
) -> AsyncIterator[None]:
    """Use a session for as long as it lasts, then another, while the context is entered.

    Pauses between attempts grow up to 5 seconds.

    Args:
        dsn: where to connect.
        use: is given the session, and what to call as soon as it has proved good. It returns, or
            raises a driver's error, when the session is lost.
        on_connection: is told True when a session has proved good, False when it was lost or
            could not be made.
    """
    keeper = asyncio.create_task(_keep(dsn, use, on_connection))
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def _keep(dsn: str, use: Use, on_connection: Callable[[bool], None]) -> NoReturn:
    pause = _FIRST_PAUSE

    def proved() -> None:
        nonlocal pause
        pause = _FIRST_PAUSE
        on_connection(True)

    while True:
        # What is wrong with the address now was right at the start: it may become right again.
        with suppress(PrismiqError, *DRIVER_ERRORS):
            await _use_once(dsn, use, proved)
        on_connection(False)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _use_once(dsn: str, use: Use, proved: Callable[[], None]) -> None:
    session = await _open(dsn)
    try:
        await use(session, proved)
    finally:
        await _close(session)


async def _open(dsn: str) -> Connection:
    return await connect(
        dsn,
        connect_timeout=PATIENCE,
        statement_timeout=PATIENCE,
        application_name=APPLICATION_NAME,
    )


async def _close(session: Connection) -> None:
    with suppress(*DRIVER_ERRORS):
        await session.close(timeout=_FAREWELL)
