"""What is learnt while a span is open, in the words of the semantic conventions."""

from opentelemetry.trace import Span, StatusCode

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.observations import CacheTier
from prismiq.ports.tracer import AnswerSpan, QuerySpan, RequestSpan

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)


def known_method(method: str) -> str | None:
    """Return the method, or None where it is made up."""
    return method if method in _METHODS else None


class ReportingRequestSpan(RequestSpan):
    """Says how a request was answered.

    Args:
        span: of the request.
    """

    def __init__(self, span: Span) -> None:
        self._span = span

    def responded(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:  # what the client did wrong is no failure of the server
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(StatusCode.ERROR)


class ReportingAnswerSpan(AnswerSpan):
    """Says where an answer came from.

    Args:
        span: of the answer.
    """

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, outcome: CacheOutcome, tier: CacheTier | None) -> None:
        self._span.set_attribute("prismiq.cache.outcome", outcome.value)
        if tier is not None:
            self._span.set_attribute("prismiq.cache.tier", tier.value)


class ReportingQuerySpan(QuerySpan):
    """Says how much came back.

    Args:
        span: of the statement.
    """

    def __init__(self, span: Span) -> None:
        self._span = span

    def returned(self, rows: int) -> None:
        self._span.set_attribute("db.response.returned_rows", rows)
