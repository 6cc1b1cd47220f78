"""What the database announces makes kept answers invalid."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Self

from prismiq.domain.model.plan import Source
from prismiq.domain.rules.dependencies import version_name
from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.dependency_source import TableName
from prismiq.ports.metrics_sink import MetricsSink

_logger = logging.getLogger("prismiq.changes")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_START_PATIENCE, _END_PATIENCE = 2.0, 1.0
_MOST_TABLES = 10_000
"""More than these, waiting to be invalidated, are as well everything."""


class ChangeListener:
    """Joins a feed and a cache, while it is entered (``async with``).

    Nothing that is announced gets lost: what arrives while an invalidation is under way is
    invalidated after it, what arrives in a burst is invalidated together, and what could not be
    invalidated, as the shared store is away, is tried again with pauses of up to 2 seconds.

    Every process of several hears the same and replaces the same versions. The second replacement
    costs answers that were computed between the two; it is made all the same, because a process
    that relied on another one would depend on its being alive.

    Args:
        feed: tells what has changed.
        invalidate: makes answers that depend on the tables unreachable; it is given names as
            ``domain.rules.dependencies.version_name`` makes them.
        invalidate_all: makes every answer unreachable.
        metrics: is told whether the feed is connected.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        invalidate: Callable[[frozenset[str]], Awaitable[object]],
        invalidate_all: Callable[[], Awaitable[object]],
        metrics: MetricsSink,
    ) -> None:
        self._feed = feed
        self._invalidate = invalidate
        self._invalidate_all = invalidate_all
        self._metrics = metrics
        self._tables: set[TableName] = set()
        self._everything = True  # what is kept may be older than this process
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._is_behind = False
        self._is_connected: bool | None = None
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start to listen.

        Waits until what happened before is invalidated, so that answers from the first one on are
        not older; but not longer than 2 seconds, when the shared store is away.

        Raises:
            ConfigurationError: the database cannot announce changes.
            DatabaseUnavailableError: it cannot be reached.
        """
        await self._feed.require_possible()
        self._news.clear()
        self._settled.clear()
        self._everything = True
        self._is_behind = False
        async with AsyncExitStack() as starting:
            worker = asyncio.create_task(self._work())
            starting.push_async_callback(_stop, worker)
            starting.push_async_callback(self._finish)
            await starting.enter_async_context(
                self._feed.listen(self._on_tables, self._on_gap, self._on_connection)
            )
            try:
                async with asyncio.timeout(_START_PATIENCE):
                    await self.settled()
            except TimeoutError:
                _logger.warning("Changes announced so far could not be taken in yet.")
            self._running = starting.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._running.aclose()
        self._is_connected = None
        self._metrics.change_feed_changed(connected=False)

    async def _finish(self) -> None:
        """Invalidate what was heard to the end, for those who share the store with us."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_PATIENCE):
                if self._is_behind:
                    await self.settled()

    async def settled(self) -> None:
        """Wait until all that was announced before now is invalidated."""
        await self._settled.wait()

    def _on_tables(self, tables: frozenset[TableName]) -> None:
        self._tables |= tables
        if len(self._tables) > _MOST_TABLES:
            self._everything = True
        self._wake()

    def _on_gap(self) -> None:
        self._everything = True
        self._wake()

    def _wake(self) -> None:
        self._is_behind = True
        self._settled.clear()
        self._news.set()

    def _on_connection(self, connected: bool) -> None:  # noqa: FBT001 - how feeds call back
        if connected is self._is_connected:
            return
        if not connected:
            _logger.warning("The feed of the database's changes is lost. It will be tried again.")
        elif self._is_connected is not None:
            _logger.warning("The feed of the database's changes is back.")
        self._is_connected = connected
        self._metrics.change_feed_changed(connected=connected)

    async def _work(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._news.wait()
            self._news.clear()
            tables, everything = frozenset(self._tables), self._everything
            self._tables, self._everything = set(), False
            try:
                await self._make_invalid(tables, everything=everything)
            except Exception:
                # Whatever it was: what is forgotten here would be served as if it were true.
                if pause == _FIRST_PAUSE:
                    _logger.exception("Changes could not be taken in. That will be tried again.")
                self._tables |= tables
                self._everything |= everything
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                self._news.set()
            else:
                pause = _FIRST_PAUSE
                self._is_behind = self._news.is_set()
                if not self._is_behind:
                    self._settled.set()

    async def _make_invalid(self, tables: frozenset[TableName], *, everything: bool) -> None:
        if everything:
            await self._invalidate_all()
        elif tables:
            await self._invalidate(frozenset(version_name(Source(*name)) for name in tables))


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
