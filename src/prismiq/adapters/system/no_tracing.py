"""Where nobody traces."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.observations import CacheTier
from prismiq.domain.model.trace import ArrivedRequest, TraceIds
from prismiq.ports.tracer import AnswerSpan, QuerySpan, RequestSpan, Tracer


class _NoSpan(RequestSpan, AnswerSpan, QuerySpan):
    """Every span at once, and its own context: nothing is made for an operation."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def responded(self, status: int) -> None:
        pass

    def answered(self, outcome: CacheOutcome, tier: CacheTier | None) -> None:
        pass

    def returned(self, rows: int) -> None:
        pass


_NO_SPAN = _NoSpan()


class NoTracing(Tracer):
    """Opens no spans, in nanoseconds."""

    def request(self, request: ArrivedRequest) -> _NoSpan:
        return _NO_SPAN

    def answer(self, key: str) -> _NoSpan:
        return _NO_SPAN

    def query(self, tables: Sequence[str]) -> _NoSpan:
        return _NO_SPAN

    def current(self) -> TraceIds | None:
        return None
