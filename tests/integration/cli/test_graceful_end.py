"""SIGTERM under load: readiness fails first, no request does, and the end comes in time."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

Start = Callable[..., Any]

QUERY = {
    "tables": [{"id": "t", "name": "things"}],
    "columns": [{"table_id": "t", "column": "*", "aggregation": "count", "alias": "n"}],
}
NAP = {
    "tables": [{"id": "n", "name": "naps"}],
    "columns": [{"table_id": "n", "column": "nap"}],
}
SLEEP = {
    "tables": [{"id": "s", "name": "sleeps"}],
    "columns": [{"table_id": "s", "column": "nap"}],
}
SESSIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'prismiq' AND state = 'active'
  AND query LIKE '%"' || $1 || '"%'
"""
CLIENTS = 8


@pytest.fixture(scope="module")
async def naps_dsn(module_database: str, module_connection: Any) -> str:
    """A database in which a query may take its time."""
    await module_connection.execute(
        "CREATE TABLE things AS SELECT generate_series(1, 10) AS id;"
        "CREATE VIEW naps AS SELECT 1 AS id, pg_sleep(2)::text AS nap;"
        "CREATE VIEW sleeps AS SELECT 1 AS id, pg_sleep(600)::text AS nap"
    )
    return module_database


@pytest.fixture
def port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


@pytest.fixture
async def client(port: str) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=CLIENTS + 4)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits, trust_env=False
    ) as opened:
        yield opened


@pytest.fixture
def serve(start: Start, naps_dsn: str, port: str) -> Callable[..., Any]:
    """Start a server and wait until all of it serves: ``serve(workers=4, drain_seconds="3")``."""

    def start_server(*, workers: int = 1, **settings: str) -> Any:
        server = start(
            *("serve", "--port", port, "--workers", str(workers)),
            PRISMIQ_DATABASE_URL=naps_dsn,
            PRISMIQ_RATE_LIMIT_ENABLED="false",
            **{f"PRISMIQ_{name.upper()}": value for name, value in settings.items()},
        )
        server.lines_until("Prismiq answers on")
        return server

    return start_server


class Load:
    """Clients that ask until a load balancer would have taken the server out of service."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.failures: list[Any] = []
        self.answers = 0
        self.is_under_way = asyncio.Event()
        self.is_out_of_service = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_readiness())
            for _ in range(CLIENTS):
                group.create_task(self._ask())

    async def _ask(self) -> None:
        while not self.is_out_of_service.is_set():
            await self.ask(QUERY)
            self.is_under_way.set()

    async def ask(self, query: Any) -> httpx.Response | None:
        try:
            response = await self._client.post("/api/query/execute", json=query)
        except httpx.HTTPError as error:
            self.failures.append(error)
            return None
        self.answers += 1
        if response.status_code != 200:
            self.failures.append(response.text)
        return response

    async def _watch_readiness(self) -> None:
        while True:
            response = await self._client.get("/health/ready")
            if response.status_code != 200:
                break
        assert response.status_code == 503
        assert "draining" in response.text
        # It still serves: a load balancer has not yet told everybody.
        answer = await self.ask(QUERY)
        assert answer is not None
        assert answer.headers["connection"] == "close"
        self.is_out_of_service.set()


@pytest.mark.parametrize("workers", [1, 4])
async def test_no_request_fails_when_a_server_under_load_is_told_to_end(
    serve: Any, client: httpx.AsyncClient, naps_dsn: str, workers: int
) -> None:
    server = serve(workers=workers, drain_seconds="3", shutdown_timeout="30")
    assert (await client.get("/health/startup")).status_code == 200
    load = Load(client)
    running = asyncio.create_task(load.run())
    await load.is_under_way.wait()
    answers_before = load.answers
    slow = asyncio.create_task(load.ask(NAP))
    await until_running(naps_dsn, "naps", 1)

    ending = asyncio.create_task(asyncio.to_thread(server.end, signal.SIGTERM))
    await running
    slow_answer = await slow
    code, said = await ending

    assert load.failures == []
    assert slow_answer is not None
    assert slow_answer.status_code == 200
    assert load.answers > answers_before
    assert code == 0
    assert "Traceback" not in said
    assert "Draining for 3 seconds" in said
    assert said.count("Application shutdown complete") == workers


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_takes_too_long_is_cancelled_everywhere_and_told_so(
    serve: Any, client: httpx.AsyncClient, naps_dsn: str, workers: int
) -> None:
    server = serve(workers=workers, drain_seconds="0", shutdown_timeout="0.5", query_timeout="600")
    asking = asyncio.create_task(client.post("/api/query/execute", json=SLEEP))
    await until_running(naps_dsn, "sleeps", 1)

    code, said = await asyncio.to_thread(server.end, signal.SIGTERM)
    answer = await asking

    assert (answer.status_code, answer.json()["code"]) == (503, "server_ending")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert code == 0
    assert "Traceback" not in said
    await until_running(naps_dsn, "sleeps", 0)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_second_signal_ends_the_drain_period(
    serve: Any, client: httpx.AsyncClient, workers: int
) -> None:
    server = serve(workers=workers, drain_seconds="3600")
    server.process.send_signal(signal.SIGTERM)
    server.lines_until("Draining for 3600 seconds")
    assert (await client.get("/health/live")).status_code == 200
    code, _ = await asyncio.to_thread(server.end, signal.SIGTERM)
    assert code == 0


@pytest.mark.parametrize("workers", [1, 2])
async def test_ctrl_c_ends_it_as_a_shell_expects(serve: Any, workers: int) -> None:
    server = serve(workers=workers, drain_seconds="0")
    code, said = await asyncio.to_thread(server.end, signal.SIGINT)
    assert code == 130
    assert "Traceback" not in said


async def test_a_worker_that_dies_is_replaced(serve: Any, client: httpx.AsyncClient) -> None:
    server = serve(workers=2, drain_seconds="0")
    first, second = workers_of(server)
    os.kill(first, signal.SIGKILL)
    server.lines_until(f"Worker [{first}] has ended")
    server.lines_until("Application startup complete")
    assert second in workers_of(server)
    assert len(workers_of(server)) == 2
    assert (await client.get("/health/live")).status_code == 200
    code, _ = await asyncio.to_thread(server.end, signal.SIGTERM)
    assert code == 0


async def test_workers_do_not_outlive_their_supervisor(serve: Any) -> None:
    server = serve(workers=2, drain_seconds="0", enable_metrics="false")
    server.process.kill()
    # What they write to reaches its end when nobody holds it any more: they have all ended.
    said, _ = await asyncio.wait_for(asyncio.to_thread(server.process.communicate), 60)
    assert said.count("Application shutdown complete") == 2
    assert "Traceback" not in said


def workers_of(server: Any) -> list[int]:
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


async def until_running(dsn: str, view: str, count: int) -> None:
    """Wait until so many queries of the view run."""
    observer: Any = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(30):
            while await observer.fetchval(SESSIONS, view) != count:
                pass
    finally:
        await observer.close()
