"""What is logged about a request: that it started, and one record of how it ended."""

import logging
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.types import Scope

from prismiq.adapters.http.exchange import CLIENT_CLOSED_REQUEST, Exchange

ClientIpOf: TypeAlias = Callable[[Request], str | None]

LogEvents: TypeAlias = Callable[[int, str, str, Mapping[str, Any]], None]
"""Writes level, logger, message and fields; as ``QueueingHandler.log_event``."""

LOGGER = logging.getLogger("prismiq.http.requests")

_LOGGING = vars(logging)
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
    log_event = _only_reader()
    if log_event is not None:
        log_event(level, LOGGER.name, message, fields)
        return
    # Not LOGGER.log(): it looks for the calling line, which costs more than all the rest here.
    record = LOGGER.makeRecord(LOGGER.name, level, __file__, 0, message, (), None, extra=fields)
    LOGGER.handle(record)


def _only_reader() -> LogEvents | None:
    """Return the method of the one handler that gets our records, if it needs no record for it.

    Others need one: more handlers, filters, an application that makes records its own way, and
    what collects errors by putting itself in the place of the logger's method.
    """
    if LOGGER.filters or LOGGER.disabled or logging.getLogRecordFactory() is not logging.LogRecord:
        return None
    calls: Any = logging.Logger.callHandlers
    if type(calls) is not FunctionType or calls.__globals__ is not _LOGGING:
        return None
    found: logging.Handler | None = None
    logger: logging.Logger | None = LOGGER
    while logger is not None:
        for handler in logger.handlers:
            if found is not None:
                return None
            found = handler
        logger = logger.parent if logger.propagate else None
    return getattr(found, "log_event", None)
