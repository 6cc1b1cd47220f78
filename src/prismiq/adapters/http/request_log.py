"""What is logged about a request: that it started, and one record of how it ended."""

import logging
from collections.abc import Callable, Mapping
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
    record = LOGGER.makeRecord(LOGGER.name, level, __file__, 0, message, (), None)
    record.__dict__.update(fields)
    LOGGER.handle(record)
