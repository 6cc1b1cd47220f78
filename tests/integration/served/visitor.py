"""A client who may leave."""

import asyncio
import json
from typing import Any

from tests.integration.served.conftest import EXECUTE, Server


class Visitor:
    """One client with a connection of its own, who asks once and may not wait for the answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def asking(cls, server: Server, query: Any) -> "Visitor":
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = json.dumps(query).encode()
        head = (
            f"POST {EXECUTE} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        return cls(reader, writer)

    def leave(self) -> None:
        self._writer.transport.abort()

    async def answer(self) -> tuple[int, str, Any]:
        """Return the status, where the answer came from, and its rows."""
        head, content = await self._read()
        status, *fields = head.split("\r\n")
        [outcome] = [field[9:] for field in fields if field.lower().startswith("x-cache: ")]
        return int(status.split()[1]), outcome, content["rows"]

    async def problem(self) -> dict[str, Any]:
        """Return the problem that the server tells instead of an answer."""
        _, content = await self._read()
        return content

    async def _read(self) -> tuple[str, dict[str, Any]]:
        head, _, content = (await self._reader.read()).partition(b"\r\n\r\n")
        self._writer.close()
        return head.decode(), json.loads(content)
