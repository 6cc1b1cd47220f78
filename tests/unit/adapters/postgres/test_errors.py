"""Driver errors become ours by one table, and none of their text gets through."""

import socket
from typing import Any

import asyncpg
import pytest

from prismiq.adapters.postgres.errors import translate, translate_connect
from prismiq.domain.model.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    PoolExhaustedError,
    PrismiqError,
    QueryExecutionError,
    QueryTimeoutError,
    SchemaChangedError,
)

SECRET = "S3cret"


def server_error(state: str) -> Exception:
    error: Exception = asyncpg.PostgresError.new(
        {"S": "ERROR", "C": state, "M": SECRET, "D": SECRET}
    )
    return error


def test_a_type_that_the_statement_names_and_is_gone_is_a_changed_schema() -> None:
    """A setting that a policy reads and nobody made has the same state, but no position."""
    gone = asyncpg.PostgresError.new({"S": "ERROR", "C": "42704", "M": SECRET, "P": "42"})
    assert isinstance(translated(gone), SchemaChangedError)


def translated(error: BaseException, *, connection_lost: bool = False) -> PrismiqError:
    return translate(error, timeout=1.5, connection_lost=connection_lost)


@pytest.mark.parametrize(
    ("state", "code", "caused_by_query"),
    [
        ("22012", "division_by_zero", True),
        ("22003", "numeric_out_of_range", True),
        ("22008", "datetime_overflow", True),
        ("22007", "invalid_value", True),
        ("22P02", "invalid_value", True),
        ("2201E", "invalid_value", True),
        ("54001", "query_too_complex", True),
        ("54000", "query_too_complex", True),
        ("53400", "query_too_complex", True),
        ("42501", "permission_denied", False),
        ("25006", "query_failed", False),
        ("42601", "query_failed", False),
        ("42704", "query_failed", False),
        ("P0001", "query_failed", False),
        ("XX000", "query_failed", False),
        ("ZZZZZ", "query_failed", False),
    ],
)
def test_what_could_not_be_computed(state: str, code: str, caused_by_query: Any) -> None:
    error = translated(server_error(state))
    assert isinstance(error, QueryExecutionError)
    assert (error.code, error.caused_by_query) == (code, caused_by_query)
    assert SECRET not in error.message


@pytest.mark.parametrize("state", ["42P01", "42703", "3F000", "42883"])
def test_names_that_are_gone_mean_a_changed_schema(state: str) -> None:
    assert isinstance(translated(server_error(state)), SchemaChangedError)


@pytest.mark.parametrize(
    "state",
    [
        "08003",
        "08006",
        "57P01",
        "57P02",
        "57P03",
        "53300",
        "53200",
        "53100",
        "40001",
        "55P03",
        "28P01",
    ],
)
def test_a_database_in_trouble_is_unavailable(state: str) -> None:
    error = translated(server_error(state))
    assert type(error) is DatabaseUnavailableError
    assert SECRET not in error.message


def test_time_is_up_whoever_says_so() -> None:
    for error in (server_error("57014"), TimeoutError()):
        timeout = translated(error)
        assert isinstance(timeout, QueryTimeoutError)
        assert timeout.timeout == 1.5


def test_a_lost_connection_is_unavailability() -> None:
    closed = asyncpg.InterfaceError(SECRET)
    assert isinstance(translated(closed, connection_lost=True), DatabaseUnavailableError)
    assert isinstance(translated(ConnectionResetError(SECRET)), DatabaseUnavailableError)


def test_a_parameter_that_cannot_be_sent_is_an_invalid_value() -> None:
    class EncodingError(asyncpg.InterfaceError, ValueError):  # type: ignore[misc]
        """As the driver's own, which it does not export."""

    error = translated(EncodingError(SECRET))
    assert error.code == "invalid_value"
    assert SECRET not in error.message


def test_a_mistake_of_ours_is_not_taken_for_an_outage() -> None:
    for mistake in (asyncpg.InterfaceError(SECRET), asyncpg.InternalClientError(SECRET)):
        error = translated(mistake)
        assert isinstance(error, QueryExecutionError)
        assert not error.caused_by_query


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError(SECRET), ConfigurationError),
        (OverflowError(SECRET), ConfigurationError),
        (asyncpg.exceptions.ClientConfigurationError(SECRET), ConfigurationError),
        (server_error("28P01"), ConfigurationError),
        (server_error("28000"), ConfigurationError),
        (server_error("3D000"), ConfigurationError),
        (server_error("42704"), ConfigurationError),
        (server_error("53300"), PoolExhaustedError),
        (server_error("57P03"), DatabaseUnavailableError),
        (TimeoutError(), DatabaseUnavailableError),
        (ConnectionRefusedError(SECRET), DatabaseUnavailableError),
        (socket.gaierror(SECRET), DatabaseUnavailableError),
        (asyncpg.InternalClientError(SECRET), DatabaseUnavailableError),
    ],
    ids=repr,
)
def test_connecting_fails_by_configuration_or_by_outage(
    error: Exception, expected: type[PrismiqError]
) -> None:
    ours = translate_connect(error)
    assert type(ours) is expected
    assert SECRET not in ours.message
