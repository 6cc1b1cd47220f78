import pytest
from tests.contracts.tracer import REQUEST, TracerContract

from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.ports.tracer import Tracer


class TestNoTracing(TracerContract):
    @pytest.fixture
    def tracer(self) -> Tracer:
        return NoTracing()


def test_no_operation_makes_anything_new() -> None:
    tracer = NoTracing()
    spans = {id(tracer.request(REQUEST)), id(tracer.answer("0")), id(tracer.query(["a"]))}
    assert len(spans) == 1


def test_one_is_never_anywhere_in_a_trace() -> None:
    tracer = NoTracing()
    with tracer.request(REQUEST):
        assert tracer.current() is None
