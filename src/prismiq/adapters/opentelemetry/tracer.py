"""Spans by the stable semantic conventions of OpenTelemetry for HTTP and databases.

The attributes that could carry a value of a caller are left out: the query string, the text and
the parameters of statements, and the messages of errors. Who configures the SDK decides on
sampling, exporting and propagation.
"""

from asyncio import CancelledError
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.propagate import extract
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    TracerProvider,
    get_current_span,
    get_tracer,
)

from prismiq.adapters.opentelemetry.spans import (
    ReportingAnswerSpan,
    ReportingQuerySpan,
    ReportingRequestSpan,
    known_method,
)
from prismiq.domain.model.errors import PrismiqError
from prismiq.domain.model.trace import ArrivedRequest, TraceIds
from prismiq.ports.tracer import AnswerSpan, QuerySpan, RequestSpan, Tracer

_SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
_LONGEST_SUMMARY = 255

Attributes = Mapping[str, str]


class OpenTelemetryTracer(Tracer):
    """Opens spans with a tracer of OpenTelemetry.

    Args:
        provider: keeps the spans; None: the global one, which may be set later.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer = get_tracer("prismiq", version("prismiq"), provider, _SCHEMA_URL)

    @contextmanager
    def request(self, request: ArrivedRequest) -> Iterator[RequestSpan]:
        method = known_method(request.method)
        attributes = {
            "http.request.method": method or "_OTHER",
            "url.scheme": request.scheme,
            "url.path": request.path,
            "network.protocol.version": request.protocol_version,
        }
        if method is None:
            attributes["http.request.method_original"] = request.method
        name = method or "HTTP"  # a method that is made up makes no new name
        if request.route is not None:
            attributes["http.route"] = request.route
            name = f"{name} {request.route}"
        parent = extract(request.headers)
        with self._span(name, SpanKind.SERVER, attributes, parent) as span:
            yield ReportingRequestSpan(span)

    @contextmanager
    def answer(self, key: str) -> Iterator[AnswerSpan]:
        with self._span("answer", SpanKind.INTERNAL, {"prismiq.cache.key": key}) as span:
            yield ReportingAnswerSpan(span)

    @contextmanager
    def query(self, tables: Sequence[str]) -> Iterator[QuerySpan]:
        summary = _summary_of(tables)
        attributes = {
            "db.system.name": "postgresql",
            "db.operation.name": "SELECT",
            "db.query.summary": summary,
        }
        if len(tables) == 1:  # the conventions know no list of them
            attributes["db.collection.name"] = tables[0]
        with self._span(summary, SpanKind.CLIENT, attributes) as span:
            yield ReportingQuerySpan(span)

    def current(self) -> TraceIds | None:
        context = get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return TraceIds(
            trace_id=f"{context.trace_id:032x}",
            span_id=f"{context.span_id:016x}",
            sampled=context.trace_flags.sampled,
        )

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, attributes: Attributes, parent: Context | None = None
    ) -> Iterator[Span]:
        # The library would record the text of an exception, which is a driver's at times.
        with self._tracer.start_as_current_span(
            name,
            parent,
            kind,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                _mark_failure(span, error)
                raise


def _mark_failure(span: Span, error: BaseException) -> None:
    match error:
        case CancelledError():  # the caller has left: nothing is wrong here
            span.set_attribute("error.type", "cancelled")
            return
        case PrismiqError():
            span.set_attribute("error.type", error.code)
        case _:
            span.set_attribute("error.type", type(error).__qualname__)
    span.set_status(StatusCode.ERROR)


def _summary_of(tables: Sequence[str]) -> str:
    """Return ``SELECT first second …``, with no name cut in two."""
    summary = "SELECT"
    for table in tables:
        longer = f"{summary} {table}"
        if len(longer) > _LONGEST_SUMMARY:
            break
        summary = longer
    return summary
