"""One connection, and what every session of ours has in common."""

import select
from typing import Any

import asyncpg

from prismiq.adapters.postgres.errors import DRIVER_ERRORS, translate_connect

SESSION_SETTINGS = {
    "TimeZone": "UTC",
    "IntervalStyle": "iso_8601",
    "DateStyle": "ISO",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    # Names resolve only where they are qualified, so nobody's table or function shadows another.
    "search_path": "",
    "default_transaction_read_only": "on",
    # What queries of the default scope see; every other scope sets it per transaction.
    "prismiq.tenant": "default",
}
"""Fixed when a connection is made: they decide how values look, and cost no round trip."""

_REPORTED = (
    "default_transaction_read_only",
    "TimeZone",
    "IntervalStyle",
    "DateStyle",
    "search_path",
)
"""Servers say when one of these changes, the last one from version 18."""


class Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A connection that can tell whether the server hung up while nobody was looking."""

    __slots__ = ("_at_first", "_poll", "idle_since")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._poll = select.poll()
        self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._at_first = self._reported()
        self.idle_since = 0.0

    def is_quiet(self) -> bool:
        """Whether the connection is open and the server has said nothing since the last answer.

        A server that ends a session says so and hangs up. The driver learns it when the event
        loop comes to reading it, which may be after the next statement was sent.
        """
        return not self.is_closed() and not self._poll.poll(0)

    def has_changed(self) -> bool:
        """Whether a statement has changed the session, as a view that calls ``set_config`` can."""
        return self._reported() != self._at_first

    def _reported(self) -> list[str | None]:
        settings = self.get_settings()
        return [getattr(settings, name, None) for name in _REPORTED]


async def connect(
    dsn: str, *, connect_timeout: float, statement_timeout: float, application_name: str
) -> Connection:
    """Open a session. Times are in seconds.

    PgBouncer does not pass these settings on: let it ignore them (``ignore_startup_parameters``)
    and give them to the role instead (``ALTER ROLE … SET``). Prepared statements need its
    ``max_prepared_statements``, from version 1.21.

    Raises:
        ConfigurationError: the URL is not valid, or login, database or settings are refused.
        DatabaseUnavailableError: the database cannot be reached.
    """
    settings = SESSION_SETTINGS | {
        "application_name": application_name,
        "statement_timeout": f"{max(1, round(statement_timeout * 1000))}ms",
    }
    try:
        connection: Connection = await asyncpg.connect(
            dsn, timeout=connect_timeout, connection_class=Connection, server_settings=settings
        )
    except (*DRIVER_ERRORS, ValueError, OverflowError) as error:
        # The driver's text may quote parts of the URL, so not even the cause is kept.
        raise translate_connect(error) from None
    return connection
