"""What every store of rate limits must do, told once.

Limits here are refilled so slowly that the time a test takes does not matter.
"""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import pytest

from prismiq.domain.model.rate_limits import SECOND, Decision, RateLimitConfig
from prismiq.domain.rules.token_bucket import standings, wait
from prismiq.ports.limit_store import LimitStore

StoreOf: TypeAlias = Callable[[RateLimitConfig], LimitStore]

SLOW = RateLimitConfig(burst_limit=5, requests_per_minute=5, requests_per_hour=5)
HOSTILE = [
    "",
    "a:b",
    "with space\r\nSET x 1",
    "{braces}",
    "ключ",
    "\udc80 lone",
    "\x00",
    "x" * 10_000,
    "x" * 9_999 + "y",
]


def remaining(decision: Decision) -> list[int]:
    return [standing.remaining for standing in standings(decision)]


class LimitStoreContract:
    """Subclasses bring a fixture ``store_of`` that makes empty stores."""

    async def test_a_new_client_has_all_its_tokens(self, store_of: StoreOf) -> None:
        store = store_of(RateLimitConfig())
        assert remaining(await store.peek("new")) == [10, 60, 1000]
        assert store.limits == RateLimitConfig()

    async def test_requests_are_charged_until_nothing_is_left(self, store_of: StoreOf) -> None:
        store = store_of(SLOW)
        taken = [await store.take("a", 1) for _ in range(7)]
        assert [decision.allowed for decision in taken] == [True] * 5 + [False] * 2
        assert [remaining(decision)[2] for decision in taken] == [4, 3, 2, 1, 0, 0, 0]

    async def test_clients_have_buckets_of_their_own(self, store_of: StoreOf) -> None:
        store = store_of(SLOW)
        assert (await store.take("a", 5)).allowed
        assert (await store.take("b", 5)).allowed
        assert not (await store.take("a", 1)).allowed

    async def test_a_denial_consumes_nothing_in_any_window(self, store_of: StoreOf) -> None:
        store = store_of(
            RateLimitConfig(burst_limit=1, requests_per_minute=60, requests_per_hour=60)
        )
        await store.take("a", 1)
        before = await store.peek("a")
        for _ in range(20):
            assert not (await store.take("a", 2)).allowed
        assert remaining(await store.peek("a"))[1:] == remaining(before)[1:] == [59, 59]

    async def test_a_denied_cost_leaves_room_for_a_smaller_one(self, store_of: StoreOf) -> None:
        store = store_of(SLOW)
        assert (await store.take("a", 3)).allowed
        assert not (await store.take("a", 3)).allowed
        assert (await store.take("a", 2)).allowed

    async def test_looking_charges_nothing(self, store_of: StoreOf) -> None:
        store = store_of(SLOW)
        await store.take("a", 2)
        for _ in range(10):
            assert remaining(await store.peek("a"))[2] == 3

    async def test_a_denial_says_how_long_to_wait(self, store_of: StoreOf) -> None:
        store = store_of(SLOW)
        await store.take("a", 5)
        pause = wait(await store.take("a", 1))
        assert 700 * SECOND < pause <= 720 * SECOND  # one token of five an hour

    async def test_tokens_come_back_as_time_passes(self, store_of: StoreOf) -> None:
        store = store_of(
            RateLimitConfig(burst_limit=100, requests_per_minute=6_000, requests_per_hour=360_000)
        )
        first = await store.take("a", 100)
        admitted = 0
        while not admitted:
            decision = await store.take("a", 1)
            admitted += decision.allowed
        assert decision.now - first.now >= 10_000

    async def test_a_reset_gives_all_tokens_back_to_one_client(self, store_of: StoreOf) -> None:
        store = store_of(SLOW)
        await store.take("a", 5)
        await store.take("b", 5)
        await store.reset("a")
        await store.reset("never seen")
        assert remaining(await store.peek("a")) == [5, 5, 5]
        assert not (await store.take("b", 1)).allowed

    async def test_requests_that_come_together_are_admitted_up_to_the_limit(
        self, store_of: StoreOf
    ) -> None:
        store = store_of(SLOW)
        taken = await asyncio.gather(*(store.take("a", 1) for _ in range(50)))
        assert [decision.allowed for decision in taken].count(True) == 5

    @pytest.mark.parametrize("client", HOSTILE, ids=ascii)
    async def test_any_text_names_a_client_of_its_own(self, store_of: StoreOf, client: str) -> None:
        store = store_of(SLOW)
        assert (await store.take(client, 5)).allowed
        assert not (await store.take(client, 1)).allowed
        assert (await store.take(client + "!", 5)).allowed
