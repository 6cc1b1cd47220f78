"""The least a server could do for the same SQL: no routing, no validation, no model.

``BENCH_SQL``, ``BENCH_PARAMETERS`` (JSON) and ``BENCH_DSN`` say what to ask. The statement and
its parameters are those that Prismiq sends for the same query.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = Callable[[Any], Awaitable[bytes]]

_SQL = os.environ.get("BENCH_SQL", "")
_PARAMETERS = json.loads(os.environ.get("BENCH_PARAMETERS", "[]"))
_WIDTH = int(os.environ.get("BENCH_WIDTH", "0"))
_CONTENT_TYPE = (b"content-type", b"application/json")


class BareApplication:
    """Bare ASGI and a raw asyncpg pool; ``answer`` makes the body from a connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._pool: Any = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        async with self._pool.acquire() as connection:
            body = await self._answer(connection)
        length = (b"content-length", str(len(body)).encode())
        headers = [_CONTENT_TYPE, length]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            os.environ["BENCH_DSN"],
            min_size=10,
            max_size=10,
            reset=_no_reset,
            server_settings={"search_path": "", "timezone": "UTC"},
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _no_reset(_connection: Any) -> None:
    """Spare the floor the round trip with which asyncpg's pool usually ends."""


async def _rows_and_orjson(connection: Any) -> bytes:
    rows = await connection.fetch(_SQL, *_PARAMETERS)
    return orjson.dumps([tuple(row) for row in rows], default=_encode)


def _encode(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


async def _json_in_postgresql(connection: Any) -> bytes:
    cells = ", ".join(f"q.c{index}" for index in range(_WIDTH))
    wrapped = f"SELECT json_agg(json_build_array({cells}))::text FROM ({_SQL}) q"
    text: str = await connection.fetchval(wrapped, *_PARAMETERS)
    return text.encode()


asyncpg_and_orjson = BareApplication(_rows_and_orjson)
json_in_postgresql = BareApplication(_json_in_postgresql)
