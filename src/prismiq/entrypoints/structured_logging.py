"""Logging as the server does it, for any application: one call sets it up, another undoes it."""

import os
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TextIO

from prismiq.adapters.http.request_context import request_fields
from prismiq.adapters.logging.console_formatter import ConsoleFormatter
from prismiq.adapters.logging.json_formatter import JsonFormatter
from prismiq.adapters.logging.logger_takeover import LoggerTakeover
from prismiq.adapters.logging.queueing_handler import QueueingHandler
from prismiq.domain.model.errors import ConfigurationError

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_current: "LoggingSetup | None" = None  # what is set up is the process's, as all of logging is


class StructuredFormatter(JsonFormatter):
    """One JSON object on one line for each record, for any handler of the standard library.

    ``timestamp`` (RFC 3339, UTC, milliseconds), ``level``, ``logger`` and ``message`` come first,
    then the ``request_id`` and ``trace_id`` of the request under way, then every ``extra``. An
    extra whose name is one of these gets an underscore behind it. Tracebacks are in ``exception``.
    Whatever values there are, the line is valid JSON of at most 64 KiB; secrets are masked.

    Args:
        secrets: values that must not appear, besides what looks like a secret.
    """

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        super().__init__(context=request_fields, secrets=secrets)


class LoggingSetup:
    """What ``setup_logging`` has done. As a context manager it undoes that at the end."""

    def __init__(self, handler: QueueingHandler, takeover: LoggerTakeover) -> None:
        self._handler = handler
        self._takeover = takeover

    def on_dropped(self, tell: Callable[[int], None] | None) -> None:
        """Call ``tell`` with the number of lines whenever some are lost, from any thread."""
        self._handler.on_dropped(tell)

    def flush(self) -> None:
        """Wait until every line is written, two seconds at most."""
        self._handler.flush()

    def end_is_near(self, *, near: bool = True) -> None:
        """Write each line at once from now on, since a signal may end the process any moment."""
        self._handler.flush()
        self._handler.writes_at_once = near

    def undo(self) -> None:
        """Flush, and give all loggers back what they had. A second time does nothing."""
        global _current  # noqa: PLW0603 - see there
        if _current is self:
            _current = None
            self._takeover.undo()
            self._handler.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.undo()


def current_setup() -> LoggingSetup | None:
    """Return what ``setup_logging`` has set up, if it was not undone."""
    return _current


def setup_logging(
    level: str = "INFO",
    json_format: bool = True,  # noqa: FBT001 - the name is part of the contract
    *,
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
    whole_process: bool = False,
) -> LoggingSetup:
    """Send the records of Prismiq and uvicorn to standard output, without ever blocking.

    Lines are written by a thread about 20 ms later. Up to 8 MiB of them wait for an output that
    stalls; more are dropped, and a line says how many. Calling it again replaces the setup before.

    Other loggers keep what they have, and the root logger does not get ours. uvicorn's access lines
    are switched off: add ``RequestLoggingMiddleware``, whose records say more.

    Args:
        level: the least level that is written: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        json_format: JSON by ``StructuredFormatter``; otherwise lines for people.
        stream: where to write; None is standard output.
        secrets: values that must not appear, besides what looks like a secret.
        whole_process: whether other libraries' warnings are to be written too. It replaces the
            handlers of the root logger, so it is for processes that are ours alone.

    Raises:
        ConfigurationError: there is no such level.
    """
    global _current  # noqa: PLW0603 - see there
    if level.upper() not in LEVELS:
        raise ConfigurationError(f"The log level must be one of {', '.join(LEVELS)}.")
    if _current is not None:
        _current.undo()
    output = stream or sys.stdout
    formatter: JsonFormatter | ConsoleFormatter
    if json_format:
        formatter = StructuredFormatter(secrets=secrets)
    else:
        formatter = ConsoleFormatter(
            colours=_shows_colours(output), context=request_fields, secrets=secrets
        )
    handler = QueueingHandler(output, formatter)
    takeover = LoggerTakeover(handler, level.upper(), whole_process=whole_process)
    _current = LoggingSetup(handler, takeover)
    return _current


def _shows_colours(stream: TextIO) -> bool:
    is_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
    return is_terminal and not os.environ.get("NO_COLOR")
