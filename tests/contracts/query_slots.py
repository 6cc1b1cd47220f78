"""What every store of running queries' places must do, told once."""

import asyncio

from prismiq.ports.query_slots import QuerySlots

LONG, SHORT = 60.0, 0.05


async def acquired_in_time(slots: QuerySlots, client: str, places: int) -> str:
    token = None
    async with asyncio.timeout(10):
        while token is None:
            await asyncio.sleep(0)
            token = await slots.acquire(client, places, LONG)
    return token


class QuerySlotsContract:
    """Subclasses bring a fixture ``slots``: nobody holds a place."""

    async def test_there_are_as_many_places_as_there_are(self, slots: QuerySlots) -> None:
        taken = [await slots.acquire("a", 3, LONG) for _ in range(5)]
        assert [token is not None for token in taken] == [True] * 3 + [False] * 2
        assert len(set(taken)) == 4
        assert await slots.acquire("b", 3, LONG)

    async def test_queries_that_start_together_get_exactly_the_places(
        self, slots: QuerySlots
    ) -> None:
        taken = await asyncio.gather(*(slots.acquire("a", 7, LONG) for _ in range(40)))
        assert sum(token is not None for token in taken) == 7

    async def test_a_place_that_is_given_back_is_free(self, slots: QuerySlots) -> None:
        token = await slots.acquire("a", 1, LONG)
        assert token is not None
        assert await slots.acquire("a", 1, LONG) is None
        await slots.release("a", token)
        await slots.release("a", token)
        await slots.release("nobody", token)
        assert await slots.acquire("a", 1, LONG)

    async def test_a_lease_ends_by_itself_unless_it_is_extended(self, slots: QuerySlots) -> None:
        lasting = await slots.acquire("a", 2, SHORT)
        assert lasting is not None
        assert await slots.acquire("a", 2, SHORT)
        await slots.extend("a", lasting, LONG)
        await acquired_in_time(slots, "a", 2)
        assert await slots.acquire("a", 2, LONG) is None

    async def test_an_ended_lease_is_taken_up_again_by_its_query(self, slots: QuerySlots) -> None:
        late = await slots.acquire("a", 1, SHORT)
        assert late is not None
        other = await acquired_in_time(slots, "a", 1)
        await slots.extend("a", late, LONG)
        await slots.release("a", other)
        assert await slots.acquire("a", 1, LONG) is None
        await slots.release("a", late)
        assert await slots.acquire("a", 1, LONG)
