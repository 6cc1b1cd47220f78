"""What every store of limits promises: in memory, on a fake Redis and on a real one.

Limits here are refilled so slowly that the time a test takes does not matter.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import fakeredis
import pytest
from redis.asyncio import Redis

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.adapters.redis.limit_store import RedisLimitStore
from prismiq.adapters.system.clock import SystemClock
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


class Awaited(LimitStore):
    """Lets the store in memory be asked as the others are."""

    def __init__(self, limits: RateLimitConfig) -> None:
        self._store = InMemoryLimitStore(limits, SystemClock())

    @property
    def limits(self) -> RateLimitConfig:
        return self._store.limits

    async def take(self, client: str, cost: int) -> Decision:
        return self._store.take(client, cost)

    async def peek(self, client: str) -> Decision:
        return self._store.peek(client)

    async def reset(self, client: str) -> None:
        self._store.reset(client)


@pytest.fixture(params=["memory", "fakeredis", "redis"])
async def store_of(request: pytest.FixtureRequest) -> AsyncIterator[StoreOf]:
    if request.param == "memory":
        yield Awaited
        return
    if request.param == "fakeredis":
        pytest.importorskip("lupa", reason="fakeredis runs scripts with lupa")
        client: Redis = fakeredis.FakeAsyncRedis()
    else:
        client = Redis.from_url(request.getfixturevalue("redis_url"))
        await client.flushall()
    async with client:
        yield lambda limits: RedisLimitStore(client, limits)


def remaining(decision: Decision) -> list[int]:
    return [standing.remaining for standing in standings(decision)]


async def test_a_new_client_has_all_its_tokens(store_of: StoreOf) -> None:
    store = store_of(RateLimitConfig())
    assert remaining(await store.peek("new")) == [10, 60, 1000]
    assert store.limits == RateLimitConfig()


async def test_requests_are_charged_until_nothing_is_left(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    taken = [await store.take("a", 1) for _ in range(7)]
    assert [decision.allowed for decision in taken] == [True] * 5 + [False] * 2
    assert [remaining(decision)[2] for decision in taken] == [4, 3, 2, 1, 0, 0, 0]


async def test_clients_have_buckets_of_their_own(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    assert (await store.take("a", 5)).allowed
    assert (await store.take("b", 5)).allowed
    assert not (await store.take("a", 1)).allowed


async def test_a_denial_consumes_nothing_in_any_window(store_of: StoreOf) -> None:
    store = store_of(RateLimitConfig(burst_limit=1, requests_per_minute=60, requests_per_hour=60))
    await store.take("a", 1)
    before = await store.peek("a")
    for _ in range(20):
        assert not (await store.take("a", 2)).allowed
    assert remaining(await store.peek("a"))[1:] == remaining(before)[1:] == [59, 59]


async def test_a_denied_cost_leaves_room_for_a_smaller_one(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    assert (await store.take("a", 3)).allowed
    assert not (await store.take("a", 3)).allowed
    assert (await store.take("a", 2)).allowed


async def test_looking_charges_nothing(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    await store.take("a", 2)
    for _ in range(10):
        assert remaining(await store.peek("a"))[2] == 3


async def test_a_denial_says_how_long_to_wait(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    await store.take("a", 5)
    pause = wait(await store.take("a", 1))
    assert 700 * SECOND < pause <= 720 * SECOND  # one token of five an hour


async def test_tokens_come_back_as_time_passes(store_of: StoreOf) -> None:
    store = store_of(
        RateLimitConfig(burst_limit=100, requests_per_minute=6_000, requests_per_hour=360_000)
    )
    first = await store.take("a", 100)
    admitted = 0
    while not admitted:
        decision = await store.take("a", 1)
        admitted += decision.allowed
    assert decision.now - first.now >= 10_000


async def test_a_reset_gives_all_tokens_back_to_one_client(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    await store.take("a", 5)
    await store.take("b", 5)
    await store.reset("a")
    await store.reset("never seen")
    assert remaining(await store.peek("a")) == [5, 5, 5]
    assert not (await store.take("b", 1)).allowed


async def test_requests_that_come_together_are_admitted_up_to_the_limit(store_of: StoreOf) -> None:
    store = store_of(SLOW)
    taken = await asyncio.gather(*(store.take("a", 1) for _ in range(50)))
    assert [decision.allowed for decision in taken].count(True) == 5


@pytest.mark.parametrize("client", HOSTILE, ids=ascii)
async def test_any_text_names_a_client_of_its_own(store_of: StoreOf, client: str) -> None:
    store = store_of(SLOW)
    assert (await store.take(client, 5)).allowed
    assert not (await store.take(client, 1)).allowed
    assert (await store.take(client + "!", 5)).allowed
