"""A log record as fields: what every record has, what its request adds, and all its extras."""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from prismiq.adapters.logging.log_event import LogEvent
from prismiq.adapters.logging.plain_values import LONGEST_NAME, PlainValues, free_name
from prismiq.adapters.logging.redaction import Redactor

Context: TypeAlias = Callable[[], Mapping[str, str]]

_LONGEST_MESSAGE = 8_192
_LONGEST_TRACEBACK = 16_384
_STANDARD = tuple(vars(logging.makeLogRecord({})))
_STANDARD_COUNT = len(_STANDARD)
_LAST_STANDARD = [_STANDARD[-1]]
# Other formatters leave the first two behind; uvicorn adds a second version of its messages.
_IGNORED = frozenset({*_STANDARD, "message", "asctime", "color_message"})
_MOST_NAMES = 1_024
_PLAIN_INTEGER = 2**63
_MILLISECONDS = (*(f"{number:03d}Z" for number in range(1000)), "999Z")
_ROUNDING = 0.001  # milliseconds; a float holds .123 as a little less
_CORE = frozenset(
    {"timestamp", "level", "logger", "message", "arguments", "exception", "stack", "truncated"}
)


def no_context() -> Mapping[str, str]:
    """Return no fields: there are no requests."""
    return {}


class RecordFields:
    """Reads records into plain, bounded values without secrets.

    Names of extras that the record itself needs get an underscore behind them, so that neither is
    lost.

    Args:
        context: returns the fields of the request under way; they are believed as they are.
        redactor: keeps secrets out.
    """

    def __init__(self, context: Context, redactor: Redactor) -> None:
        self._context = context
        self._redactor = redactor
        self._harmless = redactor.harmless
        self._values = PlainValues(redactor)
        self._plain_names: set[str] = set()
        self._last_second = (0, "1970-01-01T00:00:00.")

    def read(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return all fields, the most important ones first. Never raises."""
        message = record.msg
        fields: dict[str, Any] = {
            "timestamp": self._timestamp(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        if record.args or type(message) is not str or message not in self._harmless:
            self._add_message(record, fields)
        fields.update(self._context())
        attributes = record.__dict__
        names = list(attributes)
        if names[_STANDARD_COUNT - 1 : _STANDARD_COUNT] == _LAST_STANDARD:  # so all are before it
            names = names[_STANDARD_COUNT:]
        self._add_extras(names, attributes, fields)
        if record.exc_info or record.exc_text:
            fields["exception"] = self._long_text(_exception_text(record))
        if record.stack_info:
            fields["stack"] = self._long_text(str(record.stack_info))
        return fields

    def read_event(self, event: LogEvent) -> dict[str, Any]:
        """Return the fields of the record that says the same."""
        created, level, logger, message, context, extras = event
        fields: dict[str, Any] = {
            "timestamp": self._timestamp(created),
            "level": logging.getLevelName(level),
            "logger": logger,
            "message": message
            if message in self._harmless
            else self._values.text(message, _LONGEST_MESSAGE),
            **context,
        }
        self._add_extras(extras, extras, fields)
        return fields

    def purified(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields, also those that are believed, as JSON can surely carry them."""
        return {self._values.text(str(n)): self._values.named(n, v) for n, v in fields.items()}

    def _add_message(self, record: logging.LogRecord, fields: dict[str, Any]) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments that do not fit; what was said is not lost
            message = record.msg if isinstance(record.msg, str) else f"<{type(record.msg)}>"
            fields["arguments"] = self._values.named("arguments", record.args)
        fields["message"] = self._values.text(message, _LONGEST_MESSAGE)

    def _add_extras(
        self, names: Iterable[Any], attributes: Mapping[Any, Any], fields: dict[str, Any]
    ) -> None:
        # This is the hot part of a line, so what is usual is decided here without any call.
        plain_names, harmless = self._plain_names, self._harmless
        for name in names:
            value = attributes[name]
            if name in plain_names and name not in fields:
                kind = type(value)
                if (
                    (kind is str and value in harmless)
                    or (kind is int and -_PLAIN_INTEGER < value < _PLAIN_INTEGER)
                    or (kind is float and value - value == 0)  # it is finite
                ):
                    fields[name] = value
                else:
                    fields[name] = self._values.named(name, value)
            elif name not in _IGNORED:
                self._add_extra(name, value, fields)

    def _add_extra(self, name: Any, value: Any, fields: dict[str, Any]) -> None:
        if type(value) is str and fields.get(name) == value:
            return  # said already, by the context for instance
        shown = self._values.text(str(name), LONGEST_NAME)
        if shown in _CORE or shown in fields:
            shown = free_name(shown + "_", fields)
        elif shown == name and not self._redactor.hides(name):
            if len(self._plain_names) >= _MOST_NAMES:
                self._plain_names.clear()
            self._plain_names.add(name)
        fields[shown] = self._values.named(shown, value)

    def _long_text(self, text: str) -> str:
        """Return the beginning and the end: that is where the reasons are."""
        if len(text) > _LONGEST_TRACEBACK:
            half = _LONGEST_TRACEBACK // 2
            text = f"{text[:half]}\n…\n{text[-half:]}"
        return self._values.text(text, 2 * _LONGEST_TRACEBACK)

    def _timestamp(self, created: float) -> str:
        """Return the moment by RFC 3339, in UTC, with milliseconds."""
        try:
            second = int(created)
            known, text = self._last_second
            if known != second:
                text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
                self._last_second = (second, text)
            return text + _MILLISECONDS[int((created - second) * 1000 + _ROUNDING)]
        except (ValueError, OverflowError, OSError, IndexError):  # a record made by hand
            return "1970-01-01T00:00:00.000Z"


def _exception_text(record: logging.LogRecord) -> str:
    info = record.exc_info
    if not isinstance(info, tuple) or info[1] is None:
        return record.exc_text or ""
    try:
        return "".join(traceback.format_exception(*info)).rstrip("\n")
    except Exception:  # noqa: BLE001 - an error inside of an error must not cost the line
        return type(info[1]).__name__
