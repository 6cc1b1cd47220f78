import gc
import tracemalloc
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.cache_backend import CacheBackendContract, PassTime
from tests.unit.conftest import ManualClock

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.observations import CacheUsage
from prismiq.domain.rules.cache_envelope import unpack
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.clock import Clock

KIB = 1024


class TestInMemoryCache(CacheBackendContract):
    @pytest.fixture
    def backend(self, clock: Clock) -> CacheBackend:
        return InMemoryCache(clock=clock)

    @pytest.fixture
    def neighbour(self, clock: Clock) -> CacheBackend:
        return InMemoryCache(clock=clock)


async def test_bytes_are_handed_out_without_a_copy() -> None:
    cache, body = InMemoryCache(), b"a finished body"
    await cache.set("key", body)
    assert await cache.get("key") is body


async def test_its_usage_is_what_it_holds() -> None:
    cache = InMemoryCache(max_bytes=50_000, max_entries=1)
    assert cache.usage() == CacheUsage(used_bytes=0, entries=0, max_bytes=50_000)
    for key in ("one", "other"):
        await cache.set(key, b"a body")
    assert cache.usage() == CacheUsage(cache.used_bytes, 1, max_bytes=50_000, evictions=1)


async def test_it_holds_no_more_entries_than_allowed() -> None:
    cache = InMemoryCache(max_entries=100)
    for number in range(1_000):
        await cache.set(str(number), b"")
    assert len(cache) == 100
    assert cache.evictions == 900


async def test_any_number_of_keys_stays_within_the_bytes_it_says() -> None:
    """What it claims to use is what Python really allocated, or more."""
    cache = InMemoryCache(max_bytes=2_000 * KIB, max_entries=10**9)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(30_000):
            await cache.set(f"query:{number:064x}", bytes(number % 3_000), ttl=300 + number % 50)
        gc.collect()
        really_used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert really_used <= cache.used_bytes <= 2_000 * KIB
    assert cache.used_bytes > 1_900 * KIB


def answer(number: int, body: bytes) -> CacheEntry:
    """An answer of three tables, nothing of which is shared with another one."""
    return CacheEntry(
        created_at=1e9 + number,
        soft_expiry=2e9 + number,
        hard_expiry=3e9 + number,
        compute_seconds=0.1 * number,
        execution_time_ms=0.2 * number,
        epoch=f"epoch{number:040}".encode(),
        versions=tuple((f"public.t{n}{number}", f"{n}{number:040}".encode()) for n in range(3)),
        row_count=10**6 + number,
        truncated=False,
        body_size=len(body),
        rows_start=0,
        rows_end=len(body),
        is_compressed=False,
        stored=body,
    )


async def test_an_answer_is_handed_out_as_it_is(clock: Clock, pass_time: PassTime) -> None:
    cache, entry = InMemoryCache(clock=clock), answer(1, b"body")
    cache.hold("key", entry, 10)
    assert cache.find("key") is entry
    await pass_time(10)
    assert cache.find("key") is None
    assert len(cache) == 0


async def test_answers_and_values_are_kept_side_by_side() -> None:
    cache, entry = InMemoryCache(), answer(1, b"body")
    cache.hold("key", entry, inf)
    kept = await cache.get("key")
    assert unpack(kept or b"") == entry
    await cache.set("key", "a text")
    assert cache.find("key") is None
    assert await cache.get("key") == "a text"
    cache.hold("key", entry, 0)
    assert not await cache.exists("key")


def test_any_number_of_answers_stays_within_the_bytes_it_says() -> None:
    cache = InMemoryCache(max_bytes=2_000 * KIB, max_entries=10**9)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(20_000):
            cache.hold(f"query:{number:064x}", answer(number, bytes(number % 3_000)), 300)
        gc.collect()
        really_used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert really_used <= cache.used_bytes <= 2_000 * KIB
    assert cache.used_bytes > 1_900 * KIB


async def test_tiny_entries_are_no_way_around_the_bound() -> None:
    cache = InMemoryCache(max_bytes=200 * KIB, max_entries=10**9)
    for number in range(10_000):
        await cache.set(str(number), b"")
    assert len(cache) < 400


async def test_a_value_that_is_too_large_is_not_kept_and_drives_nobody_out() -> None:
    cache = InMemoryCache(max_bytes=800 * KIB)
    for number in range(50):
        await cache.set(str(number), b"x" * KIB)
    await cache.set("large", b"older")
    await cache.set("large", b"x" * 101 * KIB, ttl=10)
    assert await cache.get("large") is None
    assert cache.evictions == 0
    assert len(cache) == 50


async def test_a_scan_does_not_drive_out_what_is_in_use() -> None:
    cache = InMemoryCache(max_entries=100)
    for _ in range(3):
        for number in range(50):
            await cache.set(f"used:{number}", b"") if not await cache.get(f"used:{number}") else 0
    for number in range(50_000):
        await cache.set(f"once:{number}", b"")
    assert sum([await cache.exists(f"used:{number}") for number in range(50)]) >= 45


async def test_a_key_that_comes_back_is_kept_longer_than_new_ones() -> None:
    cache = InMemoryCache(max_entries=20)
    for number in range(40):
        await cache.set(f"first:{number}", b"")
    gone = [f"first:{n}" for n in range(40) if not await cache.exists(f"first:{n}")][-1]
    await cache.set(gone, b"")
    for number in range(15):
        await cache.set(f"second:{number}", b"")
    assert await cache.exists(gone)


async def test_fame_fades(clock: Clock) -> None:
    cache = InMemoryCache(max_entries=20, clock=clock)
    await cache.set("star", b"")
    for _ in range(1_000):
        await cache.get("star")
    for number in range(200):
        await cache.set(str(number), b"")
        await cache.get(str(number))
    assert not await cache.exists("star")


async def test_expired_entries_leave_without_being_asked_for(
    clock: Clock, pass_time: PassTime
) -> None:
    cache = InMemoryCache(clock=clock)
    for number in range(100):
        await cache.set(str(number), b"x", ttl=1 + number % 3)
    await cache.set("stays", b"x")
    await pass_time(5)
    for _ in range(10):
        await cache.get("somebody else")
    assert len(cache) == 1
    assert cache.evictions == 0


async def test_overwriting_and_deleting_for_ever_leaves_nothing_behind(clock: Clock) -> None:
    cache = InMemoryCache(clock=clock)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(1_000):
            await cache.set("key", b"x", ttl=number + 0.5)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(20_000):
            await cache.set("key", b"x", ttl=number + 0.5)
            await cache.delete("other")
        gc.collect()
        grown_by = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown_by < 20 * KIB
    assert len(cache) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "get", "delete", "clear", "exists"]),
            st.integers(0, 12),
            st.sampled_from([None, 0.4, 1, 7]),
            st.integers(0, 3),
        )
    )
)
async def test_unbounded_it_behaves_like_a_dictionary_with_expiry(
    steps: list[tuple[str, int, float | None, int]],
) -> None:
    clock = ManualClock()
    cache, model = InMemoryCache(clock=clock), dict[str, tuple[int, float]]()
    for number, (step, key_number, ttl, seconds) in enumerate(steps):
        key = f"k{key_number}"
        clock.advance(seconds / 2)
        model = {name: kept for name, kept in model.items() if kept[1] > clock.monotonic()}
        match step:
            case "set":
                await cache.set(key, number, ttl)
                model[key] = (number, clock.monotonic() + ttl if ttl else float("inf"))
            case "get":
                assert await cache.get(key) == model.get(key, (None,))[0]
            case "delete":
                assert await cache.delete(key) == (model.pop(key, None) is not None)
            case "exists":
                assert await cache.exists(key) == (key in model)
            case _:
                assert await cache.clear("k1?") == sum(len(name) == 3 for name in model)
                model = {name: kept for name, kept in model.items() if len(name) < 3}
    assert await cache.clear() == len(model)
    assert cache.used_bytes == 0


@pytest.mark.parametrize(("max_bytes", "max_entries"), [(0, 1), (1, 0), (-1, 1)])
def test_bounds_must_allow_something(max_bytes: int, max_entries: int) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        InMemoryCache(max_bytes=max_bytes, max_entries=max_entries)
