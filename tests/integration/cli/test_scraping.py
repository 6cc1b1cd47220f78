"""A real Prometheus reads a real server, whatever clients send to it."""

import json
import random
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode

import pytest
from tests.integration.cli.serving import Serving, free_port, serving

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules.yml"

METHODS = ["GET", "PROPFIND", "M-SEARCH", "REPORT", "LINK", "UNLOCK", "DELETE", "QUERY"]
HOSTILE = [
    b"%22%7D%201%0Aforged_total%207", b"%00", b"%ff%fe", b"\xc3\xa9", b"a%5C%22", b"..%2f..",
    b"x" * 4_000, b"{endpoint}", b"%ED%A0%80", b"a,b=c", b"%F0%9F%9B%AB", b"'",
]  # fmt: skip
SEGMENTS = [segment for segment in HOSTILE if b"%2f" not in segment]


class Sent:
    """Everything that a server was sent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.counts: Counter[tuple[str, str]] = Counter()

    def send(self, method: str, path: bytes, endpoint: str, *, tenant: str = "t") -> None:
        """Send a request and note what is to be counted for it."""
        line = method.encode() + b" " + path + b" HTTP/1.1\r\n"
        fields = f"Host: x\r\nConnection: close\r\nX-Tenant: {tenant}\r\nX-Request-ID: {tenant}"
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
            connection.sendall(line + fields.encode() + b"\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        if b"x-request-id" in answer.lower():  # the HTTP parser has not refused it by itself
            self.counts[endpoint, answer[9:12].decode()] += 1

    def ask(self) -> None:
        """Ask the same question as ever: the cache answers from the second time on."""
        query = {
            "tables": [{"id": "a", "name": "airlines"}],
            "columns": [{"table_id": "a", "column": "*", "aggregation": "count"}],
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/query/execute",
            data=json.dumps(query).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["rows"] == [[16]]
        self.counts["/api/query/execute", "200"] += 1

    def fuzz(self, chance: random.Random, number: int) -> None:
        """Send what nobody should send, and what no route knows."""
        for _ in range(number):
            rest = b"/".join(chance.choices(HOSTILE, k=2)) + str(chance.random()).encode()
            tenant = chance.choice(["acme", '"}forged 1', "a" * 500]) + str(chance.random())
            self.send(chance.choice(METHODS), b"/nowhere/" + rest, "_unmatched", tenant=tenant)
            table = b"/api/tables/" + chance.choice(SEGMENTS) + str(chance.random()).encode()
            self.send("GET", table, "/api/tables/{table}", tenant=tenant)


class Prometheus:
    """A Prometheus that scrapes one target every second."""

    def __init__(self, program: Path, directory: Path, target: int) -> None:
        self.port = free_port()
        configuration = directory / "prometheus.yml"
        configuration.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: ['{RULES}']\n"
            "scrape_configs:\n"
            "  - job_name: prismiq\n"
            f"    static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        )
        self.process = subprocess.Popen(
            [
                program,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, path: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(parameters)}"
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, "Prometheus ended"
            try:
                with urllib.request.urlopen(url) as answer:
                    return json.load(answer)["data"]
            except URLError:
                assert time.monotonic() < deadline

    def values(self, query: str) -> list[tuple[dict[str, str], float]]:
        result = self.get("query", query=query)["result"]
        return [(found["metric"], float(found["value"][1])) for found in result]

    def value(self, query: str) -> float:
        ((_, value),) = self.values(query)
        return value

    def requests(self) -> Counter[tuple[str, str]]:
        """Requests by endpoint and status, but for its own scrapes."""
        found = self.values('prismiq_requests_total{endpoint!="/metrics"}')
        return Counter({(m["endpoint"], m["status"]): int(value) for m, value in found})

    def series(self) -> set[str]:
        found = self.values('{__name__=~"(prismiq|process|python)_.+"}')
        return {json.dumps(metric, sort_keys=True) for metric, _ in found}

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(flights_dsn: str, tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path, flights_dsn) as running:
        yield running


@pytest.fixture
def prometheus(
    server: Serving, program: Callable[[str], Path], tmp_path: Path
) -> Iterator[Prometheus]:
    running = Prometheus(program("prometheus"), tmp_path, server.port)
    yield running
    running.stop()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline


def test_counts_equal_what_was_sent_and_clients_make_no_series(
    server: Serving, prometheus: Prometheus
) -> None:
    chance, sent = random.Random(5), Sent(server.port)

    def tables() -> None:
        sent.send("GET", b"/api/tables", "/api/tables")

    tables()
    sent.ask()
    sent.ask()
    sent.fuzz(chance, 100)  # every combination of endpoint, method and status at least once
    _until(lambda: prometheus.requests() == sent.counts)
    before = prometheus.series()

    sent.fuzz(chance, 200)
    for _ in range(300):
        tables()
        sent.ask()
    _until(lambda: prometheus.requests() == sent.counts)

    assert prometheus.series() == before
    assert len({endpoint for endpoint, _ in sent.counts}) == 4
    assert prometheus.value('prismiq_queries_total{status="success"}') == 1
    assert prometheus.value("prismiq_query_duration_ms_count") == 1
    assert prometheus.value('prismiq_cache_total{result="miss"}') == 1
    assert prometheus.value('prismiq_cache_total{result="hit"}') == 301
    assert prometheus.value('sum(prismiq_cache_answers_total{outcome="hit"})') == 301
    assert prometheus.value("prismiq_cache_entries") >= 1
    assert sent.counts["/api/tables", "200"] > 300
    assert sent.counts["_unmatched", "404"] > 200
    assert prometheus.value("min_over_time(up[5m])") == 1
    (target,) = prometheus.get("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}


def test_promtool_complains_only_about_the_milliseconds_of_the_spec(
    server: Serving, program: Callable[[str], Path]
) -> None:
    server.get("/api/tables")
    text = server.get("/metrics").encode()
    done = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=text, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    complaints = (done.stdout + done.stderr).decode().splitlines()
    assert complaints
    assert all(line.startswith("prismiq_query_duration_ms ") for line in complaints), complaints
