"""What is logged for every request, without a record of the standard library around it."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple


class LogEvent(NamedTuple):
    """A message without arguments, and fields.

    To make a record of them would take longer than all that has to be done with it.
    """

    created: float
    """Unix seconds."""
    level: int
    logger: str
    message: str
    context: Mapping[str, str]
    """The fields of the request that was under way."""
    fields: Mapping[str, Any]

    def as_record(self) -> logging.LogRecord:
        """Return the record that says the same. Its context is that of whoever asks."""
        return logging.makeLogRecord(
            {
                "name": self.logger,
                "levelno": self.level,
                "levelname": logging.getLevelName(self.level),
                "msg": self.message,
                "created": self.created,
                "msecs": int(self.created % 1 * 1000) + 0.0,
                **self.fields,
            }
        )
