"""The trace that a request belongs to, as ``traceparent`` tells it (W3C Trace Context, level 1)."""

import re

SPAN_KEY = "prismiq.span"
"""Where in the ASGI scope are the ids of our own span, if the request is traced."""

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_NO_TRACE = b"0" * 32
_NO_PARENT = b"0" * 16


def trace_id_of(traceparent: bytes) -> str | None:
    """Return the id of the trace, 32 hexadecimal digits; None where the header is not valid.

    Version ``ff`` is not valid, and neither are ids of zeros only. A version that is not known yet
    may go on after a dash; version 00 may not.
    """
    match = _TRACEPARENT.fullmatch(traceparent.strip(b" \t"))
    if match is None:
        return None
    version, trace, parent, more = match.groups()
    if version == b"ff" or trace == _NO_TRACE or parent == _NO_PARENT:
        return None
    if more is not None and version == b"00":
        return None
    return trace.decode("ascii")
