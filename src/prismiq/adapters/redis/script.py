"""Lua scripts, which are atomic and cost one round trip."""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.exceptions import NoScriptError

from prismiq.adapters.redis.connection import RedisConnection


class Script:
    """A script that the server is sent once, and again when it has lost it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sha = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(
        self, connection: RedisConnection, keys: Sequence[bytes], *arguments: bytes | str | int
    ) -> Any:
        """Return what the script returns. The keys must be of one Cluster slot.

        Raises:
            StoreUnavailableError: see ``RedisConnection.run``.
        """

        async def evaluate(client: Any) -> Any:
            call = (len(keys), *keys, *arguments)
            try:
                return await client.execute_command("EVALSHA", self._sha, *call)
            except NoScriptError:
                return await client.execute_command("EVAL", self._text, *call)

        return await connection.run(evaluate)


def as_bytes(text: str) -> bytes:
    """Return the text as it is in Redis. Any text can be a key, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")
