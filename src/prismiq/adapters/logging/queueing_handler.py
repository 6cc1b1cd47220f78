"""The handler of our loggers: makes a line where it is called, and leaves the writing to others."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol, TextIO

from prismiq.adapters.logging.line_writer import MOST_BYTES, Dropped, Line, LineWriter
from prismiq.adapters.logging.log_event import LogEvent
from prismiq.adapters.logging.outputs import writer_to

_PATIENCE = 2.0  # seconds that a flush waits for an output that takes nothing
_SHORT_PATIENCE = 0.2


class LineFormatter(Protocol):
    """Makes a whole line of a record or an event, and never raises. An event has its context."""

    def line(self, record: logging.LogRecord) -> bytes: ...

    def line_of(self, event: LogEvent) -> bytes: ...

    def context(self) -> Mapping[str, str]: ...


class QueueingHandler(logging.Handler):
    """Never blocks: neither when the output stalls, nor on another thread that logs.

    The line is made at once, in the context of the caller and from arguments as they are now.

    Args:
        stream: where lines end up.
        formatter: makes them.
        max_bytes: of lines that wait; more are dropped and counted.
    """

    def __init__(
        self, stream: TextIO, formatter: LineFormatter, *, max_bytes: int = MOST_BYTES
    ) -> None:
        super().__init__()
        self._line_formatter = formatter
        self._writer = LineWriter(writer_to(stream), self._note_of_drops, max_bytes=max_bytes)
        self.writes_at_once = False
        """Whether each line is waited for a moment: when the process is about to end."""

    def handle(self, record: logging.LogRecord) -> bool:
        """Make a line without holding a lock: the writer takes them one by one."""
        kept: Any = self.filter(record)  # from Python 3.12 on it may be another record
        if not kept:
            return False
        self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return True

    def log_event(self, level: int, logger: str, message: str, fields: Mapping[str, Any]) -> None:
        """Write what a record would say, in half the time.

        The line is made later, so ``fields`` must not change any more. It is for who has made sure
        that no other handler wants it; see ``request_log``.
        """
        formatter = self._line_formatter
        event = LogEvent(time.time(), level, logger, message, formatter.context(), fields)
        if self.filters:
            self.handle(event.as_record())
        elif level >= self.level:
            self._put(partial(formatter.line_of, event))

    def on_dropped(self, dropped: Dropped | None) -> None:
        """Tell how many lines were lost, at once and from any thread."""
        self._writer.on_dropped = dropped

    def emit(self, record: logging.LogRecord) -> None:
        self._put(self._line_formatter.line(record))

    def flush(self) -> None:
        """Wait until everything is written, two seconds at most."""
        self._writer.flush(_PATIENCE)

    def close(self) -> None:
        self._writer.close(_PATIENCE)
        super().close()

    def _put(self, line: Line) -> None:
        self._writer.put(line)
        if self.writes_at_once:
            self._writer.flush(_SHORT_PATIENCE)

    def _note_of_drops(self, count: int) -> bytes:
        record = logging.makeLogRecord(
            {
                "name": "prismiq.logging",
                "levelname": "WARNING",
                "levelno": logging.WARNING,
                "msg": "Log lines were dropped because the output did not take them",
                "dropped": count,
            }
        )
        return self._line_formatter.line(record)
