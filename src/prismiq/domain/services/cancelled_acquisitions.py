"""Giving back what was acquired for a caller who had left by then."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from prismiq.domain.model.errors import StoreUnavailableError


class CancelledAcquisitions:
    """Acquires tokens of a shared store, and loses none of them.

    A caller can be cancelled after the store has granted the token and before the answer is here.
    Nobody would hold such a token, and others would wait until it ends by itself.
    """

    def __init__(self) -> None:
        self._returns: set[asyncio.Task[None]] = set()

    async def acquire(
        self,
        acquiring: Coroutine[Any, Any, str | None],
        give_back: Callable[[str], Awaitable[Any]],
    ) -> str | None:
        """Return the token. Raises as ``acquiring``, which goes on for a caller who is cancelled.

        Args:
            acquiring: asks the store.
            give_back: returns a token that nobody waits for any more.
        """
        task = asyncio.create_task(acquiring)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            returning = asyncio.create_task(_return(task, give_back))
            self._returns.add(returning)
            returning.add_done_callback(self._returns.discard)
            raise


async def _return(
    task: "asyncio.Task[str | None]", give_back: Callable[[str], Awaitable[Any]]
) -> None:
    try:
        token = await task
        if token is not None:
            await give_back(token)
    except StoreUnavailableError:
        return  # the token ends by itself
