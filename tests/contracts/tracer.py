"""What every tracer must do, told once."""

from contextlib import AbstractContextManager
from typing import Any

import pytest

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.errors import QueryTimeoutError
from prismiq.domain.model.observations import CacheTier
from prismiq.domain.model.trace import ArrivedRequest
from prismiq.ports.tracer import Tracer

REQUEST = ArrivedRequest("GET", "/api/tables", "/api/tables", "http", "1.1", {})


class TracerContract:
    """Subclasses bring a fixture ``tracer``."""

    def test_operations_lie_inside_of_one_another_and_say_how_they_ended(
        self, tracer: Tracer
    ) -> None:
        with tracer.request(REQUEST) as request:
            with tracer.answer("0123abcd") as answer:
                with tracer.query(["public.flights"]) as query:
                    query.returned(3)
                answer.answered(CacheOutcome.MISS, None)
                answer.answered(CacheOutcome.HIT, CacheTier.MEMORY)
            request.responded(200)
            request.responded(500)
        assert tracer.current() is None

    def test_an_error_goes_through_as_it_is(self, tracer: Tracer) -> None:
        spans: list[AbstractContextManager[Any]] = [
            tracer.request(REQUEST),
            tracer.answer("0123abcd"),
            tracer.query([]),
        ]
        for span in spans:
            error = QueryTimeoutError(30)
            with pytest.raises(QueryTimeoutError) as caught, span:
                raise error
            assert caught.value is error
            assert tracer.current() is None

    def test_headers_that_make_no_sense_are_no_reason_to_fail(self, tracer: Tracer) -> None:
        headers = {"traceparent": "00-zz-\x00", "tracestate": "=,=", "baggage": "%%"}
        with tracer.request(ArrivedRequest("\xff", None, "/\xff", "http", "1.1", headers)) as span:
            span.responded(404)
