import random
import threading
from typing import Any

import pytest
from tests.contracts.limit_store import LimitStoreContract, StoreOf

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.adapters.system.clock import SystemClock
from prismiq.domain.model.rate_limits import SECOND, Buckets, Decision, RateLimitConfig
from prismiq.domain.rules.token_bucket import standings, take
from prismiq.ports.limit_store import LimitStore

SPEC = RateLimitConfig()


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


class TestInMemoryLimitStore(LimitStoreContract):
    @pytest.fixture
    def store_of(self) -> StoreOf:
        return Awaited


def used_up(store: InMemoryLimitStore, client: str) -> bool:
    return not store.take(client, 1).allowed


def test_a_full_bucket_is_forgotten_and_no_other(clock: Any) -> None:
    store = InMemoryLimitStore(SPEC, clock)
    for _ in range(10):
        store.take("greedy", 1)
    store.take("modest", 1)
    assert len(store) == 2
    clock.advance(4)  # a token of the hour window takes 3.6 seconds
    store.take("third", 1)
    assert len(store) == 2
    assert [s.remaining for s in standings(store.peek("greedy"))] == [10, 54, 991]
    clock.advance(3600)
    store.take("third", 1)
    assert len(store) == 1


def test_a_busy_client_is_not_forgotten_while_it_owes(clock: Any) -> None:
    store = InMemoryLimitStore(SPEC, clock)
    model: Buckets | None = None
    for _ in range(3000):
        clock.advance(0.9)
        model, expected = take(SPEC, model, int(clock.monotonic() * SECOND))
        assert store.take("busy", 1) == expected


def test_a_crowd_of_one_shot_clients_stays_within_the_bound_and_leaves(clock: Any) -> None:
    store = InMemoryLimitStore(SPEC, clock, max_clients=2_000)
    for number in range(100_000):
        if number % 1000 == 0:
            clock.advance(0.01)
        store.take(f"ip:{number}", 1)
        if number % 5_000 == 0:
            assert len(store) <= 2_000
            assert len(store._queue) == len(store)
            assert len(store._dropped) <= 2_000
    clock.advance(3600)
    for _ in range(300):  # a few are looked at with each of these requests
        clock.advance(0.001)
        store.take("somebody", 1)
    assert len(store) == 1
    assert not store._dropped


def test_a_crowd_does_not_push_a_debt_out_of_memory(clock: Any) -> None:
    """A table that drops the longest unused, or admits whom it has no room for, fails here."""
    store = InMemoryLimitStore(SPEC, clock, max_clients=100)
    for _ in range(10):
        store.take("greedy", 1)
    assert used_up(store, "greedy")
    for number in range(1_000):
        store.take(f"ip:{number}", 1)
    assert used_up(store, "greedy")


def test_even_a_client_who_had_to_leave_still_owes(clock: Any) -> None:
    store = InMemoryLimitStore(SPEC, clock, max_clients=50)
    greedy = [f"greedy:{number}" for number in range(200)]
    for client in greedy:
        for _ in range(10):
            store.take(client, 1)
    assert all(used_up(store, client) for client in greedy)


def test_nobody_is_ever_better_off_than_alone(clock: Any) -> None:
    """However small the table: whoever is admitted would be admitted by buckets of its own."""
    chance = random.Random(7)
    config = RateLimitConfig(burst_limit=3, requests_per_minute=20, requests_per_hour=100)
    store = InMemoryLimitStore(config, clock, max_clients=8)
    alone: dict[str, Buckets] = {}
    admitted = 0
    for _ in range(50_000):
        clock.advance(chance.choice([0, 0, 0.01, 0.3, 2, 200]))
        client = f"client {int(chance.paretovariate(0.8)) % 40}"
        decision = store.take(client, 1)
        after, own = take(config, alone.get(client), decision.now)
        if decision.allowed:
            assert own.allowed
            alone[client] = after
            admitted += 1
    assert admitted > 1_000
    assert len(store) <= 8


def test_newcomers_of_a_moderate_crowd_are_served(clock: Any) -> None:
    """The bound costs honest clients little: debts that are dropped are kept apart."""
    store = InMemoryLimitStore(SPEC, clock, max_clients=1_000)
    refused = 0
    for number in range(4_000):
        refused += not store.take(f"ip:{number}", 1).allowed
    assert refused == 0


def test_threads_share_one_bucket(clock: Any) -> None:
    store = InMemoryLimitStore(
        RateLimitConfig(burst_limit=500, requests_per_minute=500, requests_per_hour=500), clock
    )
    admitted: list[bool] = []

    def ask() -> None:
        admitted.extend(store.take("one", 1).allowed for _ in range(500))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted.count(True) == 500


def test_a_reset_forgives_also_a_client_who_had_to_leave(clock: Any) -> None:
    store = InMemoryLimitStore(SPEC, clock, max_clients=1)
    for client in ("first", "second"):
        for _ in range(10):
            store.take(client, 1)
    for client in ("first", "second"):
        store.reset(client)
        assert store.take(client, 10).allowed


def test_a_store_without_room_makes_no_sense(clock: Any) -> None:
    with pytest.raises(ValueError, match="max_clients"):
        InMemoryLimitStore(SPEC, clock, max_clients=0)
