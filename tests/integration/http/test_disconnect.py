"""A client that leaves takes its query with it: on a real server, over real connections."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

POOL_SIZE = 4
SLOW = {
    "tables": [{"id": "n", "name": "naps"}],
    "columns": [{"table_id": "n", "column": "nap"}],
}
QUICK = {
    "tables": [{"id": "a", "name": "airlines"}],
    "columns": [{"table_id": "a", "column": "carrier"}],
}
_BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE usename = 'http_reader' AND datname = current_database() AND state <> 'idle'
"""
_CONNECTED = """
SELECT count(*) FROM pg_stat_activity
WHERE usename = 'http_reader' AND datname = current_database()
"""
_INTEGRATORS_APPLICATION = """
import os
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request
from prismiq import PrismiqEngine, create_router

engine = PrismiqEngine(os.environ["PRISMIQ_DATABASE_URL"], pool_max_size=4)

@asynccontextmanager
async def lifespan(_app):
    async with engine:
        yield

app = FastAPI(lifespan=lifespan)
app.include_router(create_router(engine), prefix="/api")

@app.middleware("http")
async def measure(request: Request, call_next):
    return await call_next(request)
"""


class Server:
    """A uvicorn process, and connections to it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        reader, writer = await asyncio.open_connection(*self._address)
        content = b"" if body is None else json.dumps(body).encode()
        writer.write(
            f"{method} /api{path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        return reader, writer

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        reader, writer = await self.send(method, path, body)
        head, _, content = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split(b" ")[1]), json.loads(content)


@pytest.fixture(scope="module", params=["ready-made", "with middleware around it"])
def server(
    request: pytest.FixtureRequest,
    reader_dsn: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Our own application, or an integrator's whose middleware stands between client and us."""
    directory: Path = tmp_path_factory.mktemp("server")
    (directory / "integrators.py").write_text(_INTEGRATORS_APPLICATION)
    ready_made = request.param == "ready-made"
    with socket.create_server(("127.0.0.1", 0)) as listener, (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--fd", str(listener.fileno())),
                "prismiq.entrypoints.asgi:app" if ready_made else "integrators:app",
            ],
            cwd=directory,
            env={
                **os.environ,
                "PRISMIQ_DATABASE_URL": reader_dsn,
                "PRISMIQ_POOL_MAX_SIZE": str(POOL_SIZE),
            },
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
        try:
            yield Server(listener.getsockname())
        finally:
            process.terminate()
            process.wait()
    said = (directory / "log").read_text()
    assert "Traceback" not in said, said


@asynccontextmanager
async def eventually() -> AsyncIterator[None]:
    """Fail when a condition is not met in ten seconds."""
    async with asyncio.timeout(10):
        yield


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/query/execute", SLOW),
        ("POST", "/query/preview", SLOW),
        ("GET", "/tables/naps/columns/nap/sample", None),
    ],
)
async def test_a_client_that_leaves_takes_its_query_along(
    server: Server, module_connection: Any, method: str, path: str, body: Any
) -> None:
    _, writer = await server.send(method, path, body)
    async with eventually():
        while await module_connection.fetchval(_BUSY) != 1:
            pass
    loop = asyncio.get_running_loop()
    left = loop.time()
    await leave(writer)
    async with eventually():
        while await module_connection.fetchval(_BUSY) != 0:
            pass
    assert loop.time() - left < 1.0  # far less than the query would take
    status, answer = await server.ask("POST", "/query/execute", QUICK)
    assert (status, answer["row_count"]) == (200, 3)


async def test_many_clients_that_leave_at_any_time_leave_the_pool_as_it_was(
    server: Server, module_connection: Any
) -> None:
    assert (await server.ask("POST", "/query/execute", QUICK))[0] == 200

    async def come_and_go(number: int) -> None:
        _, writer = await server.send("POST", "/query/execute", SLOW if number % 3 else QUICK)
        if number % 2:  # half of them stay until another request was answered
            await server.ask("GET", "/tables")
        await leave(writer)

    for start in range(0, 300, 30):
        await asyncio.gather(*(come_and_go(number) for number in range(start, start + 30)))
    async with eventually():
        while await module_connection.fetchval(_BUSY) != 0:
            pass
    assert await module_connection.fetchval(_CONNECTED) <= POOL_SIZE
    answers = await asyncio.gather(
        *(server.ask("POST", "/query/execute", QUICK) for _ in range(4 * POOL_SIZE))
    )
    assert {status for status, _ in answers} == {200}
    assert await module_connection.fetchval(_CONNECTED) <= POOL_SIZE
