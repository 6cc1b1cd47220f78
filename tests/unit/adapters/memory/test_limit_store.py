import random
import threading
import tracemalloc
from itertools import count
from sys import getsizeof
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.limit_store import LimitStoreContract, StoreOf
from tests.unit.conftest import ManualClock
from tests.unit.remote_limit_store import RemoteLimitStore

from prismiq.adapters.memory.limit_store import InMemoryLimitStore
from prismiq.adapters.system.clock import SystemClock
from prismiq.domain.model.rate_limits import SECOND, Buckets, RateLimitConfig
from prismiq.domain.rules.token_bucket import standings, take

SPEC = RateLimitConfig()


class TestInMemoryLimitStore(LimitStoreContract):
    @pytest.fixture
    def store_of(self) -> StoreOf:
        return lambda limits: RemoteLimitStore(limits, SystemClock())


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


def bytes_of(store: InMemoryLimitStore) -> int:
    """Return what the store's tables take, with all that is in them."""
    size = 0
    for table in (store._buckets, store._queue, store._dropped):
        size += getsizeof(table)
        for entry in table.items() if isinstance(table, dict) else table:
            size += getsizeof(entry)
            size += sum(
                getsizeof(part) + sum(map(getsizeof, part if isinstance(part, tuple) else ()))
                for part in entry
            )
    return size


def test_a_million_one_shot_clients_stay_within_the_bound_and_leave(clock: Any) -> None:
    """They come in a virtual minute, so that nearly all of them have to leave for others.

    Ten clients who have used up their minute come first. None of them is forgiven.
    """
    most, most_bytes = 5_000, 5_000 * 1_000
    store = InMemoryLimitStore(SPEC, clock, max_clients=most)
    greedy: dict[str, Buckets] = {f"greedy:{number}": (0, 0, 0) for number in range(10)}
    for _ in range(6):
        for client in list(greedy) * 10:
            decision = store.take(client, 1)
            assert decision.allowed
            greedy[client] = decision.buckets
        clock.advance(1)
    refused = 0
    for number in range(1_000_000):
        if number % 1_000 == 0:
            clock.advance(0.05)
            assert len(store) == len(store._queue) <= most
            assert len(store._dropped) <= most
        refused += not store.take(f"ip:{number}", 1).allowed
        if number % 100_000 == 0:
            assert bytes_of(store) < most_bytes
        if number == 980_000:
            tracemalloc.start()
    traced, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert traced < most_bytes  # nothing is kept elsewhere either
    assert refused == 0  # so many come in a minute, and still all of them are served

    for client, buckets in greedy.items():
        own: Buckets | None = buckets
        while (decision := store.take(client, 1)).allowed:
            own, alone = take(SPEC, own, decision.now)
            assert alone.allowed, f"{client} was forgiven"

    clock.advance(3600)
    for _ in range(1_000):  # a few are looked at with each of these requests
        clock.advance(0.001)
        store.take("somebody", 1)
    assert len(store) == 1
    assert not store._dropped
    assert bytes_of(store) < most_bytes / 10
    assert all(store.take(client, 10).allowed for client in greedy)


def test_clients_who_come_one_after_the_other_are_few_at_any_time(clock: Any) -> None:
    """Who owes nothing any more leaves by itself: one token of the hour takes 3.6 seconds."""
    store = InMemoryLimitStore(SPEC, clock)
    for number in range(100_000):
        if number % 10 == 0:
            clock.advance(0.036)
        assert store.take(f"ip:{number}", 1).allowed
        if number % 10_000 == 0:
            assert len(store) <= 1_100
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


@given(
    limits=st.builds(
        RateLimitConfig,
        burst_limit=st.integers(1, 5),
        requests_per_minute=st.integers(1, 20),
        requests_per_hour=st.integers(1, 50),
    ),
    max_clients=st.integers(1, 4),
    requests=st.lists(
        st.tuples(
            st.integers(0, 7),  # who asks
            st.integers(1, 3),  # at what cost
            st.integers(0, 30),  # how many strangers push in before
            st.sampled_from([0.0, 0.0, 0.001, 0.4, 3.0, 70.0, 1_000.0]),  # seconds later
        ),
        max_size=40,
    ),
)
def test_who_cycles_through_names_gets_nothing_that_is_not_its_own(
    limits: RateLimitConfig, max_clients: int, requests: list[tuple[int, int, int, float]]
) -> None:
    """Strangers push debtors out; in no stretch of time has a name more than its buckets hold."""
    clock = ManualClock()
    store = InMemoryLimitStore(limits, clock, max_clients=max_clients)
    strangers = count()
    alone: dict[str, Buckets] = {}
    for name, cost, crowd, pause in requests:
        clock.advance(pause)
        for _ in range(crowd):
            store.take(f"stranger {next(strangers)}", 1)
        client = f"debtor {name}"
        before = store.peek(client).buckets
        decision = store.take(client, cost)
        after, own = take(limits, alone.get(client), decision.now, cost)
        if decision.allowed:
            assert own.allowed
            alone[client] = after
        else:
            assert store.peek(client).buckets == before
        assert len(store) <= max_clients


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
