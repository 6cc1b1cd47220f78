"""Telling other processes what has changed."""

from abc import abstractmethod
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class InvalidationBus(Protocol):
    """Carries short texts, such as names of tables, to all other processes.

    Fast and not reliable: a message can be lost while a process is disconnected, and the
    listener is told so afterwards. Whoever listens therefore also reads again, within a bound,
    what the messages only announce.
    """

    @abstractmethod
    async def publish(self, names: Collection[str]) -> None:
        """Send the names to every listener but those of this very bus object.

        Raises:
            StoreUnavailableError: they could not be sent.
        """

    @abstractmethod
    def listen(
        self, on_names: Callable[[frozenset[str]], None], on_gap: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        """Call back for as long as the context is entered. Entering it does not wait.

        ``on_names`` is given what one ``publish`` of another sent. ``on_gap`` means: messages may
        have been lost until now, and none from now on. It is called when the first connection
        stands and after every later one. Neither may block, await or raise.
        """
