"""The least a server could do to send an answer that is there already.

``BENCH_BODY`` names a file with the bytes to send. ``BENCH_REDIS`` is where the same bytes are
kept under the key ``bench:body``.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

KEY = "bench:body"
_FILE = os.environ.get("BENCH_BODY")  # not set where only the key is wanted from here
_BODY = Path(_FILE).read_bytes() if _FILE else b""
_REDIS = os.environ.get("BENCH_REDIS", "")


async def bare(scope: Message, receive: Receive, send: Send) -> None:
    """Read the request's body and send the bytes."""
    if scope["type"] == "http":
        await _answer(receive, send, _BODY)


class BareRedis:
    """Reads the request's body, gets the bytes from Redis, and sends them."""

    def __init__(self) -> None:
        self._redis = Redis.from_url(_REDIS) if _REDIS else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._redis is not None:
            body: Any = await self._redis.get(KEY)
            await _answer(receive, send, body)


async def _answer(receive: Receive, send: Send, body: bytes) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


bare_redis = BareRedis()
