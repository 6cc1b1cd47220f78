"""Lua scripts, which are atomic and cost one round trip."""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

from redis.exceptions import NoScriptError

from prismiq.adapters.redis.command import Argument, Command
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.domain.model.errors import StoreUnavailableError


class Script:
    """A script that the server is sent once, and again when it has lost it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sha = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(
        self, connection: RedisConnection, keys: Sequence[bytes], *arguments: Argument
    ) -> Any:
        """Return what the script returns, texts as bytes. The keys must be of one Cluster slot.

        Raises:
            StoreUnavailableError: see ``RedisConnection.ask``.
        """
        return await self.call(len(keys), *keys, *arguments).run(connection)

    def call(self, *arguments: Argument | None) -> "ScriptCall":
        """Return a call for the number of keys, the keys and the arguments; see ``Command``."""
        return ScriptCall(self._text, self._sha, *arguments)


class ScriptCall:
    """A call of a script, of which some arguments may be given later."""

    def __init__(self, text: str, sha: str, *arguments: Argument | None) -> None:
        self._by_sha = Command("EVALSHA", sha, *arguments)
        self._by_text = text, arguments

    async def run(self, connection: RedisConnection, *given: bytes) -> Any:
        """Return what the script returns; as ``Script.run``."""
        try:
            return await connection.ask(self._by_sha, *given)
        except StoreUnavailableError as error:
            if not isinstance(error.__cause__, NoScriptError):
                raise
        text, arguments = self._by_text
        return await connection.ask(Command("EVAL", text, *arguments), *given)
