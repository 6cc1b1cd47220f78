"""What is logged about a request: that it started, and one record of how it ended."""

import logging
import time
from collections.abc import Callable, Mapping
from os import getpid
from threading import get_ident
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.types import Scope

from prismiq.adapters.http.exchange import CLIENT_CLOSED_REQUEST, Exchange

ClientIpOf: TypeAlias = Callable[[Request], str | None]

LOGGER = logging.getLogger("prismiq.http.requests")

_LONGEST_PATH = 512  # characters
_LONGEST_CACHE = 32


def peer_address(request: Request) -> str | None:
    """Return the address that the request comes from, None where the server does not tell."""
    return request.client.host if request.client else None


def log_start(scope: Scope, client_ip_of: ClientIpOf) -> None:
    """Say at level DEBUG that a request is under way. Its end tells all of this again."""
    if LOGGER.isEnabledFor(logging.DEBUG):
        fields = {
            "method": scope["method"],
            "path": scope["path"][:_LONGEST_PATH],
            "client_ip": _client_ip(scope, client_ip_of),
        }
        _log(logging.DEBUG, "Request started", fields)


def log_end(
    scope: Scope,
    exchange: Exchange,
    *,
    method: str,
    route: str,
    seconds: float,
    client_ip_of: ClientIpOf,
) -> None:
    """Write the one record of a request that is over.

    What failed on our side is an error, a client that left is a warning, all else information.
    ``sent_status`` is there where the client was sent another status than what became of it.
    """
    level = _level_of(exchange.status)
    if not LOGGER.isEnabledFor(level):
        return
    fields: dict[str, Any] = {
        "method": method,
        "route": route,
        "path": scope["path"][:_LONGEST_PATH],
        "status_code": exchange.status,
        "duration_ms": round(seconds * 1000, 3),
        "bytes": 0 if method == "HEAD" else exchange.sent_bytes,
        "client_ip": _client_ip(scope, client_ip_of),
    }
    if exchange.cache is not None:
        fields["cache"] = exchange.cache[:_LONGEST_CACHE].decode("latin-1")
    if exchange.sent_status not in (None, exchange.status):
        fields["sent_status"] = exchange.sent_status
    if exchange.error is not None:
        fields["error"] = type(exchange.error).__name__
    _log(level, "Request completed", fields)


def _level_of(status: int) -> int:
    if status >= 500:
        return logging.ERROR
    return logging.WARNING if status == CLIENT_CLOSED_REQUEST else logging.INFO


def _client_ip(scope: Scope, client_ip_of: ClientIpOf) -> str | None:
    if client_ip_of is peer_address:  # the same without building a request
        client = scope.get("client")
        return client[0] if client else None
    try:
        return client_ip_of(Request(scope))
    except Exception:  # noqa: BLE001 - the integrator's function must not cost the record
        return None


def _log(level: int, message: str, fields: Mapping[str, Any]) -> None:
    # Not LOGGER.log(): it looks for the calling line, which costs more than all the rest here.
    record = _RECORDS.make(level, message)
    record.__dict__.update(fields)
    LOGGER.handle(record)


class _SimilarRecords:
    """Makes records by copying one of the same thread: making one anew takes four times as long.

    What differs is level, message and time. Where the application makes records its own way, or
    after a fork, nothing is copied.
    """

    def __init__(self) -> None:
        self._known: tuple[tuple[object, ...], dict[str, Any]] = ((), {})

    def make(self, level: int, message: str) -> logging.LogRecord:
        factory = logging.getLogRecordFactory()
        made_for = (factory, get_ident(), getpid())
        known_for, like = self._known
        if factory is not logging.LogRecord or made_for != known_for:
            record = LOGGER.makeRecord(LOGGER.name, level, __file__, 0, message, (), None)
            self._known = (made_for, dict(record.__dict__))
            return record
        created = time.time()
        record = logging.LogRecord.__new__(logging.LogRecord)
        record.__dict__.update(like)
        if "taskName" in like:  # from Python 3.12 on; the name of each task is its own
            record.taskName = None
        record.levelno = level
        record.levelname = logging.getLevelName(level)
        record.msg = message
        record.created = created
        record.msecs = int(created % 1 * 1000) + 0.0
        record.relativeCreated = like["relativeCreated"] + (created - like["created"]) * 1000
        return record


_RECORDS = _SimilarRecords()
