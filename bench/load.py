"""Load over loopback: keep-alive connections that speak just enough HTTP."""

import asyncio
import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple, cast

_HEADERS_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(frozen=True)
class Target:
    """Where a rival listens."""

    host: str
    port: int
    process: int
    """Its number."""


class Load(NamedTuple):
    """Requests that were answered, and the seconds that took."""

    requests: int
    seconds: float


@dataclass(frozen=True)
class Request:
    """A POST with a JSON body."""

    path: str
    body: bytes

    def encoded(self, target: Target) -> bytes:
        head = (
            f"POST {self.path} HTTP/1.1\r\n"
            f"host: {target.host}:{target.port}\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


def answers(target: Target) -> None:
    """Return when the server answers anything at all."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=30)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()


async def requests_per_second(
    target: Target, request: Request, *, connections: int, seconds: float
) -> float:
    """Return how many answers came per second while every connection asked without a pause."""
    load = await loaded(target, [request], connections=connections, seconds=seconds)
    return load.requests / load.seconds


async def loaded(
    target: Target,
    requests: Sequence[Request],
    *,
    connections: int,
    seconds: float,
    stays_awake: bool = False,
) -> Load:
    """Ask all of that over and over, over so many connections for so long, without a pause.

    On one machine the kernel charges whoever sends for waking whoever waits, which on a virtual one
    takes as long as a small answer does. It is paid for every answer by a server that is slower
    than its clients, and hardly ever by one that is faster. With ``stays_awake`` nobody pays; it
    takes the whole core, so nothing that answers may be on it.
    """
    payloads = cycle([request.encoded(target) for request in requests])
    clients = [await _Client.connect(target) for _ in range(connections)]
    started = time.perf_counter()
    deadline = started + seconds

    async def ask(client: _Client) -> int:
        done = 0
        while time.perf_counter() < deadline:
            await client.ask(next(payloads))
            done += 1
        return done

    sleepless = asyncio.ensure_future(_stay_awake()) if stays_awake else None
    total = sum(await asyncio.gather(*(ask(client) for client in clients)))
    if sleepless is not None:
        sleepless.cancel()
    elapsed = time.perf_counter() - started
    for client in clients:
        client.close()
    return Load(total, elapsed)


async def _stay_awake() -> None:
    while True:  # noqa: ASYNC110 - there is nothing to wait for
        await asyncio.sleep(0)


async def milliseconds_to_last_byte(
    target: Target, request: Request, *, repetitions: int
) -> list[float]:
    """Return how long each of several requests took, one after the other."""
    payload = request.encoded(target)
    client = await _Client.connect(target)
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        await client.ask(payload)
        times.append((time.perf_counter() - started) * 1000)
    client.close()
    return times


class _Client(asyncio.Protocol):
    """One connection with one request under way."""

    _transport: asyncio.Transport
    _answer: "asyncio.Future[None]"

    def __init__(self) -> None:
        self._head = b""
        self._missing: int | None = None

    @classmethod
    async def connect(cls, target: Target) -> "_Client":
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(cls, target.host, target.port)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    async def ask(self, payload: bytes) -> None:
        """Send one request and wait for the last byte of its answer.

        Raises:
            RuntimeError: the answer was not 200.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(payload)
        await self._answer

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            self._head += data
            end = self._head.find(_HEADERS_END)
            if end < 0:
                return
            head, data = self._head[:end], self._head[end + len(_HEADERS_END) :]
            if not head.startswith(b"HTTP/1.1 200 "):
                self._answer.set_exception(RuntimeError(f"{head!r} {data!r}"))
                return
            self._missing = _content_length(head)
        self._missing -= len(data)
        if self._missing == 0:
            self._head, self._missing = b"", None
            self._answer.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol has it
        if not self._answer.done():
            self._answer.set_exception(RuntimeError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()


def _content_length(head: bytes) -> int:
    start = head.lower().index(_LENGTH) + len(_LENGTH)
    return int(head[start:].split(b"\r\n", 1)[0])
