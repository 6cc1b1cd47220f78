"""From the driver's errors to ours: one table, and nothing of the driver's text."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import asyncpg

from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    PoolExhaustedError,
    PrismiqError,
    QueryExecutionError,
    QueryTimeoutError,
    SchemaChangedError,
)

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # TimeoutError is one too
)


def _fault_of_query(code: str, message: str) -> Callable[[], PrismiqError]:
    return lambda: QueryExecutionError(message, code=code, caused_by_query=True)


def _fault_of_operator(code: str, message: str) -> Callable[[], PrismiqError]:
    return lambda: QueryExecutionError(message, code=code, caused_by_query=False)


_invalid_value = _fault_of_query(
    "invalid_value", "A value in the query or in the data is not valid for its type."
)
_too_complex = _fault_of_query(
    "query_too_complex",
    "The query is more than the database can do at once: ask for less, or narrow the filters.",
)
_failed = _fault_of_operator("query_failed", "The database could not run the query.")

_BY_SQLSTATE: Mapping[str, Callable[[], PrismiqError]] = MappingProxyType(
    {
        "08": DatabaseUnavailableError,  # connection lost
        "22": _invalid_value,
        "22003": _fault_of_query("numeric_out_of_range", "A number is out of range for its type."),
        "22008": _fault_of_query("datetime_overflow", "A date or time is out of range."),
        "22012": _fault_of_query("division_by_zero", "The query divides by zero."),
        "28": DatabaseUnavailableError,  # login refused: a password may be about to change
        "3D": DatabaseUnavailableError,  # no such database
        "3F000": SchemaChangedError,  # no such schema
        "40": DatabaseUnavailableError,  # a standby had to cancel it: asking again helps
        "42501": _fault_of_operator(
            "permission_denied", "The database role may not read what the query asks for."
        ),
        "42703": SchemaChangedError,  # no such column
        "42883": SchemaChangedError,  # no such function or operator: a type has changed
        "42P01": SchemaChangedError,  # no such table
        "53": DatabaseUnavailableError,  # memory, disk, connections
        "53400": _too_complex,  # a limit the operator has set, on temporary files for instance
        "54": _too_complex,
        "55P03": DatabaseUnavailableError,  # a lock was not free within the role's lock_timeout
        "57": DatabaseUnavailableError,  # shutting down, starting up
    }
)
"""By SQLSTATE, or by its class: the first two characters."""

_QUERY_CANCELED = "57014"
_TOO_MANY_CONNECTIONS = "53300"
_UNDEFINED_OBJECT = "42704"

_CONNECT_BY_CLASS = MappingProxyType(
    {
        "22": "The database does not accept a setting in the database URL.",
        "28": "The database refused the login: check user and password in the database URL.",
        "3D": "There is no such database: check the name at the end of the database URL.",
        "42": "The database does not accept a setting in the database URL.",
    }
)


def translate(error: BaseException, *, timeout: float, connection_lost: bool) -> PrismiqError:
    """Return our error for one of the driver's that ended a statement.

    ``timeout`` is what the statement was allowed, in seconds.
    """
    if isinstance(error, asyncpg.PostgresError):
        return _translate_refusal(error, timeout)
    if isinstance(error, TimeoutError):
        return QueryTimeoutError(timeout)
    if connection_lost or isinstance(error, OSError):
        return DatabaseUnavailableError()
    if isinstance(error, ValueError):  # the driver could not encode a parameter
        return _invalid_value()
    return _failed()


def _translate_refusal(error: asyncpg.PostgresError, timeout: float) -> PrismiqError:
    state = error.sqlstate or ""
    if state == _QUERY_CANCELED:
        return QueryTimeoutError(timeout)
    if state == _UNDEFINED_OBJECT and error.position:
        # A type that our statement names. Without a position it is a setting that a policy reads.
        return SchemaChangedError()
    return _BY_SQLSTATE.get(state, _BY_SQLSTATE.get(state[:2], _failed))()


def translate_connect(error: BaseException) -> PrismiqError:
    """Return our error for one that prevented a connection."""
    if isinstance(error, asyncpg.PostgresError):
        if error.sqlstate == _TOO_MANY_CONNECTIONS:
            return PoolExhaustedError()
        problem = _CONNECT_BY_CLASS.get((error.sqlstate or "")[:2])
        return ConfigurationError(problem) if problem else DatabaseUnavailableError()
    if isinstance(error, ValueError | OverflowError):
        return ConfigurationError(
            "The database URL is not valid. It looks like postgresql://user:password@host/name;"
            " special characters in the password are percent-encoded."
        )
    return DatabaseUnavailableError()
