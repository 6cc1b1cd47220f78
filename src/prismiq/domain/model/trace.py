"""Where in a distributed trace something happens."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TraceIds:
    """The ids of an operation, as ``traceparent`` writes them."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    sampled: bool
    """Whether the trace is kept. Others cannot be looked up."""


@dataclass(frozen=True, slots=True)
class ArrivedRequest:
    """A request as a trace tells of it: nothing of its query string, body or sender."""

    method: str
    """As it was sent, so anything."""
    route: str | None
    """The full template that its path belongs to, None where no route knows it."""
    path: str
    scheme: str
    protocol_version: str
    """``1.1`` or ``2``."""
    headers: Mapping[str, str]
    """By lower-case name; the parent of the trace is read from them, nothing else."""
