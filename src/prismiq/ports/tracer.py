"""Telling a trace what happens, how long it takes and as a part of what."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.observations import CacheTier
from prismiq.domain.model.trace import ArrivedRequest, TraceIds


class RequestSpan(Protocol):
    """A request that is being answered."""

    @abstractmethod
    def responded(self, status: int) -> None:
        """It was answered, with this HTTP status."""


class AnswerSpan(Protocol):
    """An answer that is looked for in the cache, and computed if it is not there."""

    @abstractmethod
    def answered(self, outcome: CacheOutcome, tier: CacheTier | None) -> None:
        """It is found; ``tier`` says where, None where it was computed."""


class QuerySpan(Protocol):
    """A statement that the database works on."""

    @abstractmethod
    def returned(self, rows: int) -> None:
        """The database has answered with so many rows."""


class Tracer(Protocol):
    """Opens a span around an operation; what happens inside of it becomes its child.

    A span ends with its context, in the same task. An exception that leaves the context marks
    the span as failed, by the error's code or class and never by its text, and goes on. A tracer
    neither waits nor raises, and a trace holds no SQL, no values and no credentials.
    """

    @abstractmethod
    def request(self, request: ArrivedRequest) -> AbstractContextManager[RequestSpan]:
        """Open the span of a request, as a child of what its headers name."""

    @abstractmethod
    def answer(self, key: str) -> AbstractContextManager[AnswerSpan]:
        """Open the span of an answer; ``key`` is its name in the cache, a fingerprint."""

    @abstractmethod
    def query(self, tables: Sequence[str]) -> AbstractContextManager[QuerySpan]:
        """Open the span of a statement that reads these tables."""

    @abstractmethod
    def current(self) -> TraceIds | None:
        """Return where we are, for logs and exemplars; None outside of every trace."""
