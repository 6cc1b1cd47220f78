"""Log records as JSON, one object on one line."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from prismiq.adapters.logging.log_event import LogEvent
from prismiq.adapters.logging.record_fields import Context, RecordFields, no_context
from prismiq.adapters.logging.redaction import Redactor

LONGEST_LINE = 65_536
"""Bytes. A record that would be longer is cut, and says so in ``truncated``."""

_LONGEST_SHORT_TEXT = 512
_MOST_FIELDS = 40


class JsonFormatter(logging.Formatter):
    """One JSON object for each record, whatever the record holds.

    Args:
        context: returns the fields of the request under way.
        secrets: values that must not appear.
    """

    def __init__(self, *, context: Context = no_context, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._fields = RecordFields(context, Redactor(secrets))
        self.context = context

    def format(self, record: logging.LogRecord) -> str:
        return self._encoded(self._fields.read(record)).decode()

    def line(self, record: logging.LogRecord) -> bytes:
        """Return the record with its line end, as it is written."""
        return self._encoded(self._fields.read(record)) + b"\n"

    def line_of(self, event: LogEvent) -> bytes:
        """Return the line of the record that says the same."""
        return self._encoded(self._fields.read_event(event)) + b"\n"

    def _encoded(self, fields: dict[str, Any]) -> bytes:
        try:
            encoded = to_json(fields)
        except ValueError:  # names of loggers and levels are believed until they turn out wrong
            fields = self._fields.purified(fields)
            encoded = to_json(fields)
        if len(encoded) < LONGEST_LINE:
            return encoded
        encoded = to_json(_shortened(fields))
        if len(encoded) < LONGEST_LINE:
            return encoded
        return to_json(_shortened(dict(list(fields.items())[:4])))


def _shortened(fields: Mapping[str, Any]) -> dict[str, Any]:
    short = {name: _short(fields[name]) for name in list(fields)[:_MOST_FIELDS]}
    return {**short, "truncated": True}


def _short(value: Any) -> Any:
    if isinstance(value, dict | list):
        value = to_json(value).decode()
    return value[:_LONGEST_SHORT_TEXT] if isinstance(value, str) else value
