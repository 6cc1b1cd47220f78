"""Log records for people at a terminal."""

import logging
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from prismiq.adapters.logging.log_event import LogEvent
from prismiq.adapters.logging.record_fields import Context, RecordFields, no_context
from prismiq.adapters.logging.redaction import Redactor

_RESET = "\x1b[0m"
_DIM = "\x1b[2m"
_BY_LEVEL = {
    "DEBUG": "\x1b[2m",
    "INFO": "\x1b[32m",
    "WARNING": "\x1b[33m",
    "ERROR": "\x1b[31m",
    "CRITICAL": "\x1b[1;31m",
}
_BLOCKS = ("exception", "stack")
_HEAD = {"timestamp", "level", "logger", "message", *_BLOCKS}
_PLAIN = re.compile(r"[\w./:{}@%+*-]+")


class ConsoleFormatter(logging.Formatter):
    """Time of day, level, logger, message, and the extras as ``name=value``.

    A record is one line; a traceback follows it, indented. What cannot be printed is escaped, so
    that no value can look like another line or paint the terminal.

    Args:
        colours: whether to use the terminal's.
        context: returns the fields of the request under way.
        secrets: values that must not appear.
    """

    def __init__(
        self,
        *,
        colours: bool = False,
        context: Context = no_context,
        secrets: Iterable[str] = (),
    ) -> None:
        super().__init__()
        self._colours = colours
        self._fields = RecordFields(context, Redactor(secrets))
        self.context = context

    def format(self, record: logging.LogRecord) -> str:
        return self._text(self._fields.read(record), record.created)

    def line(self, record: logging.LogRecord) -> bytes:
        """Return the record with its line end, as it is written."""
        return self.format(record).encode() + b"\n"

    def line_of(self, event: LogEvent) -> bytes:
        """Return the line of the record that says the same."""
        return self._text(self._fields.read_event(event), event.created).encode() + b"\n"

    def _text(self, fields: Mapping[str, Any], created: float) -> str:
        moment = time.strftime("%H:%M:%S", time.localtime(created))
        moment = f"{moment}.{int(created % 1 * 1000):03d}"
        level = str(fields["level"])
        parts = [
            self._painted(_DIM, moment),
            self._painted(_BY_LEVEL.get(level, ""), f"{printable(level):<8}"),
            self._painted(_DIM, printable(str(fields["logger"]))),
            printable(fields["message"]),
        ]
        for name, value in fields.items():
            if name not in _HEAD and value is not None:
                parts.append(self._painted(_DIM, f"{printable(name)}=") + _written(value))
        lines = [" ".join(parts)]
        for name in _BLOCKS:
            lines += [f"    {printable(line)}" for line in fields.get(name, "").split("\n") if line]
        return "\n".join(lines)

    def _painted(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_RESET}" if self._colours and colour else text


def printable(text: str) -> str:
    """Return the text in one line, with control characters escaped."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _written(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return printable(to_json(value).decode())
