"""What a real server says about its requests: every line, exactly once, whatever happens."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

PASSWORD = "S3cr3t-Passw0rd"
SECRETS = (PASSWORD, "T0ken-of-a-client", "C00kie-of-a-client", "K3y-in-a-query")
REQUESTS = 10_000
QUERY = {
    "tables": [{"id": "a", "name": "airlines"}],
    "columns": [{"table_id": "a", "column": "carrier"}],
}
_APPLICATION = """
import asyncio, os, socket, sys
import uvicorn
from starlette.responses import StreamingResponse
from prismiq import Settings, create_app
from prismiq.entrypoints.server_logging import set_up_process

settings = Settings()
set_up_process(settings)
app = create_app(settings)

@app.get("/raises/{anything}")
async def raises(anything: str):
    raise RuntimeError(f"password={os.environ['SECRET']} {anything}")

@app.get("/breaks")
async def breaks():
    async def pieces():
        yield b"some"
        raise ValueError("no more")
    return StreamingResponse(pieces())

@app.get("/endless")
async def endless():
    async def pieces():
        while True:
            yield b"x" * 10_000
            await asyncio.sleep(0)  # nothing can be cancelled that never waits
    return StreamingResponse(pieces())

listener = socket.socket(fileno=int(sys.argv[1]))
uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])
"""


@dataclass
class Kind:
    """A kind of request, and what its record must say."""

    route: str
    status: int
    target: str
    method: str = "GET"
    body: bytes = b""
    leaves: bool = False
    headers: str = field(default="")

    def encoded(self, name: str, chance: random.Random) -> bytes:
        noise = quote(chance.choice(['\n{"level":"INFO"}', "\x00", "\x1b[2J", "\u2028", '"', "é"]))
        target = self.target.replace("NOISE", noise)
        return (
            f"{self.method} {target} HTTP/1.1\r\nHost: test\r\nX-Request-ID: {name}\r\n"
            f"Authorization: Bearer {SECRETS[1]}\r\nCookie: session={SECRETS[2]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n"
            "Connection: close\r\n\r\n"
        ).encode() + self.body


EXECUTE = "/api/query/execute"
KINDS = [
    Kind("/api/tables", 200, f"/api/tables?api_key={SECRETS[3]}"),
    Kind("/api/tables/{table}", 200, "/api/tables/airlines"),
    Kind(EXECUTE, 200, EXECUTE, "POST", json.dumps(QUERY).encode()),
    Kind(EXECUTE, 422, EXECUTE, "POST", b'{"tables": 1}'),
    Kind(EXECUTE, 405, EXECUTE),
    Kind("/api/tables/{table}", 404, "/api/tables/NOISE"),
    Kind("_unmatched", 404, "/nothing/NOISE"),
    Kind("/raises/{anything}", 500, "/raises/NOISE"),
    Kind("/breaks", 500, "/breaks"),
    Kind("/endless", 499, "/endless", leaves=True),
]


class Server:
    """A process with our application and some more routes, whose output goes where a test says."""

    def __init__(self, process: subprocess.Popen[bytes], address: tuple[str, int]) -> None:
        self.process = process
        self._address = address

    async def ask(self, kind: Kind, name: str, chance: random.Random) -> bytes:
        """Send a request, and return the answer, or a part of it where the client leaves."""
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(kind.encoded(name, chance))
            if kind.leaves:
                return await reader.read(1_000)
            return await reader.read()
        finally:
            writer.transport.abort()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


@contextmanager
def serving(directory: Path, dsn: str, output: Any) -> Iterator[Server]:
    script = directory / "server.py"
    script.write_text(_APPLICATION)
    said = directory / "stderr"
    with socket.create_server(("127.0.0.1", 0)) as listener, said.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, str(script), str(listener.fileno())],
            env={
                **os.environ,
                "PRISMIQ_DATABASE_URL": dsn,
                "PRISMIQ_REDIS_URL": "",
                "SECRET": PASSWORD,
            },
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=errors,
        )
        try:
            yield Server(process, listener.getsockname())
        finally:
            process.kill()
            process.wait()
    assert said.read_text() == ""


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(300):
        yield


async def ask_all(server: Server, kinds: list[Kind], callers: int = 16) -> list[bytes]:
    """Ask with the index of each kind as the name of its request."""
    numbers = iter(range(len(kinds)))
    answers: list[bytes] = [b""] * len(kinds)

    async def caller(seed: int) -> None:
        chance = random.Random(seed)
        for number in numbers:
            answers[number] = await server.ask(kinds[number], f"r-{number}", chance)

    await asyncio.gather(*(caller(seed) for seed in range(callers)))
    return answers


def ends_of(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    ends = [document for document in documents if document["message"] == "Request completed"]
    assert max(Counter(end["request_id"] for end in ends).values()) == 1
    return {end["request_id"]: end for end in ends}


async def test_each_of_ten_thousand_requests_ends_in_one_record(
    tmp_path: Path, reader_dsn: str
) -> None:
    chance = random.Random(7)
    kinds = [chance.choice(KINDS) for _ in range(REQUESTS)]
    with (tmp_path / "log").open("wb") as log, serving(tmp_path, reader_dsn, log) as server:
        async with in_time():
            answers = await ask_all(server, kinds)
        server.end()
    lines = (tmp_path / "log").read_bytes().splitlines()
    documents = [json.loads(line) for line in lines]

    ends = ends_of(documents)
    assert set(ends) == {f"r-{number}" for number in range(REQUESTS)}
    for number, kind in enumerate(kinds):
        end = ends[f"r-{number}"]
        assert (end["route"], end["status_code"]) == (kind.route, kind.status)
        assert (end["method"], end["client_ip"]) == (kind.method, "127.0.0.1")
        if kind.status < 500 and not kind.leaves:
            body = answers[number].partition(b"\r\n\r\n")[2]
            assert end["bytes"] == len(body)
    assert documents[-1]["message"].startswith("Finished server process")

    queries = [document for document in documents if document["logger"] == "prismiq.query"]
    asked = {f"r-{number}" for number, kind in enumerate(kinds) if kind is KINDS[2]}
    assert queries
    assert {query["request_id"] for query in queries} <= asked
    failures = [document for document in documents if "exception" in document]
    expected = {
        f"r-{n}" for n, kind in enumerate(kinds) if kind.route in ("/raises/{anything}", "/breaks")
    }
    assert {failure["request_id"] for failure in failures} == expected
    said = b"\n".join([*lines, *answers])
    assert [secret for secret in SECRETS if secret.encode() in said] == []


async def test_an_output_that_nobody_reads_holds_no_request_up(
    tmp_path: Path, reader_dsn: str
) -> None:
    reading, writing = os.pipe()
    kinds = [KINDS[number % 3] for number in range(1_000)]
    with os.fdopen(reading, "rb") as output, serving(tmp_path, reader_dsn, writing) as server:
        os.close(writing)
        async with in_time():  # the pipe is full after a sixth; a handler that waits waits here
            answers = await ask_all(server, kinds)
        assert {answer.split(b" ", 2)[1] for answer in answers} == {b"200"}
        lines = await asyncio.to_thread(_read_to_the_end, output, server)
    ends = ends_of([json.loads(line) for line in lines])
    assert set(ends) == {f"r-{number}" for number in range(1_000)}


def _read_to_the_end(output: Any, server: Server) -> list[bytes]:
    server.process.send_signal(signal.SIGTERM)
    said: bytes = output.read()
    server.process.wait(60)
    return said.splitlines()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.status == 500])
async def test_the_servers_own_words_on_a_failure_carry_its_id(
    tmp_path: Path, reader_dsn: str, kind: Kind
) -> None:
    with (tmp_path / "log").open("wb") as log, serving(tmp_path, reader_dsn, log) as server:
        async with in_time():
            await server.ask(kind, "r-1", random.Random(1))
        server.end()
    documents = [json.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    (failure,) = [
        document
        for document in documents
        if document["level"] == "ERROR" and "exception" in document
    ]
    assert (failure["logger"], failure["request_id"]) == ("uvicorn.error", "r-1")
    assert "Traceback" in failure["exception"]
