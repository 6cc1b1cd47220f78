"""The only way to what needs the ``redis`` extra, so that everything else runs without it."""

from contextlib import suppress
from types import ModuleType
from typing import Any

from prismiq.domain.model.errors import ConfigurationError, StoreUnavailableError


def shared_stores() -> ModuleType:
    """Return the module ``prismiq.entrypoints.shared_stores``.

    Raises:
        ConfigurationError: the driver is not installed.
    """
    try:
        from prismiq.entrypoints import shared_stores as found  # noqa: PLC0415 - may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise ConfigurationError(
            "Redis is configured and its driver is missing: pip install 'prismiq[redis]'."
        ) from None
    return found


async def connect_redis(connection: Any) -> None:
    """Connect where there is a connection. It may be away: it is asked until it answers."""
    if connection is not None:
        with suppress(StoreUnavailableError):
            await connection.connect()


async def disconnect_redis(connection: Any) -> None:
    """Close the connection where there is one."""
    if connection is not None:
        await connection.disconnect()
