"""What is read together is judged by each for itself, and some must not read together."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.domain.model.cached_answer import CacheEntry, MissReason
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.present_versions import PresentVersions
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.cache_entry import entry_of
from prismiq.domain.services.shared_entries import SharedEntries

LARGEST = 2_000_000

LetOthersRun = Callable[[], Awaitable[None]]

OUTPUT = Output("n", Column(0, "n", "text", TypeFamily.TEXT), "text", TypeFamily.TEXT)
NOW = PresentVersions(b"all", (("public.t", b"new"),), inf, is_shared=True, lifetime=inf)
BEFORE = replace(NOW, tables=(("public.t", b"old"),))


def entry(rows: bytes = b'[["x"]]', present: PresentVersions = NOW) -> CacheEntry:
    return entry_of(
        EncodedResult((OUTPUT,), RowBatch(rows, 1, truncated=False), 1.5),
        created_at=1.0,
        soft_expiry=inf,
        hard_expiry=inf,
        compute_seconds=0.1,
        epoch=present.everything,
        versions=dict(present.tables),
    )


class SlowStore(InMemoryCache):
    """Finds at once, and tells it when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        self.held: list[asyncio.Event] = []

    async def get(self, key: str) -> Any | None:
        found = await super().get(key)
        if self.holds:
            self.held.append(asyncio.Event())
            await self.held[-1].wait()
        return found


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def entries(store: SlowStore) -> SharedEntries:
    return SharedEntries(store, compress_from=100, max_body_bytes=LARGEST)


async def test_a_herd_reads_once(
    entries: SharedEntries, store: SlowStore, let_others_run: LetOthersRun
) -> None:
    await entries.write("key", entry(), None)
    store.holds = True
    herd = [asyncio.create_task(entries.read("key", NOW)) for _ in range(100)]
    await let_others_run()
    [held] = store.held
    held.set()
    first, *others = await asyncio.gather(*herd)
    assert first == entry()
    assert all(other is first for other in others)


async def test_who_reads_anew_sees_what_was_written_before(
    entries: SharedEntries, store: SlowStore, let_others_run: LetOthersRun
) -> None:
    store.holds = True
    earlier = asyncio.create_task(entries.read("key", NOW))
    await let_others_run()
    store.holds = False
    await entries.write("key", entry(), None)
    assert await entries.read("key", NOW, anew=True) == entry()
    store.held[0].set()
    assert await earlier is MissReason.ABSENT


@pytest.mark.parametrize("size", [1_000, 1_000_000])
async def test_what_is_valid_is_inflated_whoever_has_read_it(
    entries: SharedEntries, store: SlowStore, let_others_run: LetOthersRun, size: int
) -> None:
    """The reader knew older versions than who has joined."""
    large = entry(b'[["%b"]]' % (b"x" * size))
    await entries.write("key", large, None)
    assert len(await store.get("key") or b"") < size
    store.holds = True
    callers = [asyncio.create_task(entries.read("key", present)) for present in (BEFORE, NOW, NOW)]
    await let_others_run()
    store.held[0].set()
    outdated, *others = await asyncio.gather(*callers)
    assert isinstance(outdated, CacheEntry)
    assert outdated.is_compressed
    assert others == [large, large]


async def test_what_cannot_be_read_has_a_reason(entries: SharedEntries, store: SlowStore) -> None:
    assert await entries.read("key", NOW) is MissReason.ABSENT
    for foreign in (b"\x93pe\x00", b"", b"a body of somebody else", {"a": 1}):
        await store.set("key", foreign)
        assert await entries.read("key", NOW) is MissReason.CORRUPT


async def test_a_body_that_would_fill_the_memory_is_not_inflated(
    entries: SharedEntries, store: SlowStore
) -> None:
    """A stranger has made everything in it right."""
    rows = b'[["%b"]]' % (b"x" * (LARGEST - entry(b'[[""]]').body_size))
    await entries.write("key", entry(rows), None)
    assert await entries.read("key", NOW) == entry(rows)
    await entries.write("key", entry(rows + b" "), None)
    assert len(await store.get("key") or b"") < LARGEST / 100
    assert await entries.read("key", NOW) is MissReason.CORRUPT
