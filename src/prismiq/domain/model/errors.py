"""Everything that can go wrong, by name.

::

    PrismiqError
    ├── ConfigurationError          a setting is wrong; the start stops
    ├── EngineNotStartedError       a query came before startup or after shutdown
    ├── SchemaNotLoadedError        a question without waiting came before the schema was read
    ├── TableNotFoundError          no such table, or it is not exposed
    ├── ColumnNotFoundError         no such column, or it is hidden
    ├── QueryValidationError        the query does not fit the schema; ``problems`` has all reasons
    ├── QueryExecutionError         the database refused or failed to compute the answer
    ├── QueryTimeoutError           the answer took longer than allowed
    ├── TooManyQueriesError         a client has as many queries running as it may
    ├── DatabaseUnavailableError    no connection, or the database is going away
    │   ├── PoolExhaustedError      all connections are busy
    │   └── SchemaChangedError      a table changed under the query; asking again helps
    └── StoreUnavailableError       the shared store (Redis) cannot be reached

``code`` is stable and machine-readable, ``message`` a sentence for people. Neither ever holds
SQL, values, driver text or connection strings.
"""

from collections.abc import Iterable, Sequence

from prismiq.domain.model.validation import FieldProblem


class PrismiqError(Exception):
    """The root of all errors that Prismiq raises on purpose."""

    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class ConfigurationError(PrismiqError):
    """A setting is missing or wrong. The message names it."""

    code = "configuration_error"


class EngineNotStartedError(PrismiqError):
    """The engine was used outside ``async with engine`` (or startup and shutdown)."""

    code = "engine_not_started"

    def __init__(self) -> None:
        super().__init__("The engine is not running: enter it with 'async with engine' first.")


class SchemaNotLoadedError(PrismiqError):
    """The schema is needed without waiting and was not read yet."""

    code = "schema_not_loaded"

    def __init__(self) -> None:
        super().__init__("The schema has not been read yet: 'await engine.get_schema()' first.")


class TableNotFoundError(PrismiqError):
    """The table does not exist or is not exposed; callers cannot tell which."""

    code = "table_not_found"

    def __init__(self, table: str, suggestion: str | None = None) -> None:
        hint = f" Did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"There is no table {table}.{hint}")
        self.suggestion = suggestion


class ColumnNotFoundError(PrismiqError):
    """The column does not exist or is hidden; callers cannot tell which."""

    code = "column_not_found"

    def __init__(self, table: str, column: str, suggestion: str | None = None) -> None:
        hint = f" Did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"Table {table} has no column {column}.{hint}")
        self.suggestion = suggestion


class QueryValidationError(PrismiqError):
    """The query does not fit the schema or its limits."""

    code = "invalid_query"

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems: Sequence[FieldProblem] = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


class QueryExecutionError(PrismiqError):
    """The database could not compute the answer.

    ``caused_by_query`` says whether another query could do better (division by zero, a number out
    of range) or whether it is for the operator to act (no privilege).
    """

    code = "query_failed"

    def __init__(self, message: str, *, code: str, caused_by_query: bool) -> None:
        super().__init__(message, code=code)
        self.caused_by_query = caused_by_query


class QueryTimeoutError(PrismiqError):
    """The query ran longer than allowed and was stopped on the server."""

    code = "query_timeout"

    def __init__(self, timeout: float) -> None:
        super().__init__(
            f"The query took longer than {timeout:g} seconds and was stopped."
            " Narrow the filters or ask for fewer columns."
        )
        self.timeout = timeout


class TooManyQueriesError(PrismiqError):
    """A client has as many queries running as it may. ``retry_after`` is in whole seconds.

    ``client`` says who that is. The error is about nobody else, and nobody else is told the name.
    """

    code = "too_many_queries"
    retry_after = 1

    def __init__(self, places: int, client: str | None = None) -> None:
        running = "1 query" if places == 1 else f"{places} queries"
        super().__init__(f"There may be {running} of yours at once. Wait until one is answered.")
        self.client = client


class DatabaseUnavailableError(PrismiqError):
    """The database cannot be reached now. ``retry_after`` is a hint in whole seconds."""

    code = "database_unavailable"
    retry_after = 5

    def __init__(self, message: str = "The database cannot be reached at the moment.") -> None:
        super().__init__(message)


class PoolExhaustedError(DatabaseUnavailableError):
    """No connection became free in time."""

    code = "pool_exhausted"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("All database connections are busy. Try again in a moment.")


class SchemaChangedError(DatabaseUnavailableError):
    """A table or column went away after the schema was read; the schema is read anew."""

    code = "schema_changed"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("The database's tables have changed. Ask again: the schema is re-read.")


class StoreUnavailableError(PrismiqError):
    """The shared store (Redis) cannot be reached, or it refused the credentials."""

    code = "store_unavailable"

    def __init__(self, message: str = "The shared store cannot be reached.") -> None:
        super().__init__(message)
