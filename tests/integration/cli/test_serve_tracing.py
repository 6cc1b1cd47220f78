"""``prismiq serve`` sends its spans to a collector, and ends in time without one."""

import json
import signal
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

QUERY = {
    "tables": [{"id": "f", "name": "flights"}],
    "columns": [{"table_id": "f", "column": "carrier"}],
    "limit": 1,
}


class Collector:
    """Takes spans by OTLP over HTTP, as a collector does."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str]] = []
        spans = self.spans

        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    named = {a.key: a.value.string_value for a in resource.resource.attributes}
                    for scope in resource.scope_spans:
                        spans.extend((named["service.name"], span.name) for span in scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def ask(said: str) -> None:
    (url,) = [word.rstrip(".") for word in said.split() if word.startswith("http://127.0.0.1:")]
    request = urllib.request.Request(
        f"{url}/api/query/execute",
        data=json.dumps(QUERY).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_the_last_spans_are_sent_before_it_ends(
    start: Callable[..., Any], flights_dsn: str, collector: Collector
) -> None:
    server = start(
        *("serve", "--port", "0"),
        PRISMIQ_DATABASE_URL=flights_dsn,
        PRISMIQ_TRACING="otel",
        PRISMIQ_DRAIN_SECONDS="0",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_SERVICE_NAME="shop",
        OTEL_BSP_SCHEDULE_DELAY="600000",
    )
    ask(server.lines_until("Prismiq answers on"))
    assert collector.spans == []
    server.end(signal.SIGTERM)
    assert ("shop", "POST /api/query/execute") in collector.spans
    assert ("shop", "SELECT public.flights") in collector.spans


def test_a_collector_that_is_away_does_not_hold_up_the_end(
    start: Callable[..., Any], flights_dsn: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, answers nothing
        server = start(
            *("serve", "--port", "0"),
            PRISMIQ_DATABASE_URL=flights_dsn,
            PRISMIQ_TRACING="otel",
            PRISMIQ_DRAIN_SECONDS="0",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}",
        )
        ask(server.lines_until("Prismiq answers on"))
        code, said = server.end(signal.SIGTERM)  # waits for 30 seconds
    assert code == 0, said
