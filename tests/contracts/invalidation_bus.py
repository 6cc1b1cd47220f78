"""What every adapter of ``InvalidationBus`` must do, told once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prismiq.ports.invalidation_bus import InvalidationBus


class Heard:
    """A listener that remembers what it was told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.names: asyncio.Queue[frozenset[str]] = asyncio.Queue()
        self.gaps: asyncio.Queue[None] = asyncio.Queue()

    @classmethod
    @asynccontextmanager
    async def on(cls, bus: InvalidationBus) -> "AsyncIterator[Heard]":
        """Listen, and go on when the connection stands."""
        heard = cls()
        async with bus.listen(heard.names.put_nowait, lambda: heard.gaps.put_nowait(None)):
            await heard.gap()
            yield heard

    async def next(self) -> frozenset[str]:
        async with asyncio.timeout(5):
            return await self.names.get()

    async def gap(self) -> None:
        async with asyncio.timeout(5):
            await self.gaps.get()


class InvalidationBusContract:
    """Subclasses give ``bus`` and ``elsewhere``: the same medium, two processes."""

    async def test_others_hear_what_is_published(
        self, bus: InvalidationBus, elsewhere: InvalidationBus
    ) -> None:
        async with Heard.on(bus) as here, Heard.on(elsewhere) as there:
            await bus.publish(["public.flights", "public.planes"])
            assert await there.next() == {"public.flights", "public.planes"}
            await elsewhere.publish(["answer"])
            assert await here.next() == {"answer"}  # and not what this bus said itself

    async def test_messages_arrive_in_order(
        self, bus: InvalidationBus, elsewhere: InvalidationBus
    ) -> None:
        async with Heard.on(elsewhere) as there:
            for number in range(100):
                await bus.publish([str(number)])
            assert [await there.next() for _ in range(100)] == [{str(n)} for n in range(100)]

    async def test_any_text_is_a_name(
        self, bus: InvalidationBus, elsewhere: InvalidationBus
    ) -> None:
        names = {"", " ", 'a"b', "new\nline", "NUL\x00", "🌍", "x" * 10_000}
        async with Heard.on(elsewhere) as there:
            await bus.publish(names)
            assert await there.next() == names

    async def test_several_listeners_of_a_bus_all_hear(
        self, bus: InvalidationBus, elsewhere: InvalidationBus
    ) -> None:
        async with Heard.on(elsewhere) as one, Heard.on(elsewhere) as two:
            await bus.publish(["a"])
            assert await one.next() == await two.next() == {"a"}

    async def test_who_has_left_hears_nothing(
        self, bus: InvalidationBus, elsewhere: InvalidationBus
    ) -> None:
        async with Heard.on(elsewhere) as stays:
            async with Heard.on(elsewhere) as leaves:
                pass
            await bus.publish(["a"])
            assert await stays.next() == {"a"}
            assert leaves.names.empty()

    async def test_publishing_to_nobody_is_fine(self, bus: InvalidationBus) -> None:
        await bus.publish(["a"])
        await bus.publish([])
