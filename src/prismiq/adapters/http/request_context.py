"""What is known of the request under way wherever its code runs, in tasks it starts too."""

from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType
from typing import TypeAlias

RequestFields: TypeAlias = Mapping[str, str]

_NONE: RequestFields = MappingProxyType({})
_fields: ContextVar[RequestFields] = ContextVar("prismiq_request", default=_NONE)


def request_fields() -> RequestFields:
    """Return ``request_id``, ``trace_id`` and ``span_id`` of the request under way.

    It has no entries outside of requests, ``trace_id`` only where the caller sent a trace or the
    request is traced, and ``span_id`` only in the latter case.
    """
    return _fields.get()


def enter_request(fields: RequestFields) -> Token[RequestFields]:
    """Make these the fields of the request under way; the token undoes it."""
    return _fields.set(fields)


def leave_request(token: Token[RequestFields]) -> None:
    """Undo ``enter_request``."""
    _fields.reset(token)
