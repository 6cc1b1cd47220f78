"""What every cache backend must do, told once."""

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from prismiq.ports.cache_backend import CacheBackend

PassTime: TypeAlias = Callable[[float], Awaitable[None]]

VALUES: list[Any] = [
    *("text", "", "NUL \x00 and 🌍", 0, 1, -(2**70), 1.5, True, False, b"", b"bytes \xff\x00"),
    *([], {}, (), [1, [2.0, ["x", None]]], {"a": {"b": (1, 2)}}),
    *(Decimal("1.10"), Decimal("NaN"), UUID(int=7), timedelta(days=-1, microseconds=3)),
    *(date(2013, 1, 1), time(23, 59, 59, 999999), datetime(2013, 1, 1, tzinfo=UTC)),
    datetime(2013, 1, 1, 12, 30),  # noqa: DTZ001 - a timestamp without a zone
    {"rows": [[Decimal("0.1"), b"\x00", date(1, 1, 1)]]},
    b"\x93pv\x01 begins like an encoded value",
    b"\x93pv",
    b"x" * 1_000_000,
]
ODD_KEYS = ["", " ", "a:b", "a*b", "[a]", "back\\slash", "new\nline", "NUL\x00", "ключ", "{tag}x"]


class CacheBackendContract:
    """Subclasses give the fixtures ``backend``, ``neighbour`` and ``pass_time``.

    ``neighbour`` is for entries of somebody else in the same store.
    """

    async def test_what_was_never_set_is_absent(self, backend: CacheBackend) -> None:
        assert await backend.get("nothing") is None
        assert not await backend.exists("nothing")
        assert not await backend.delete("nothing")

    @pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
    async def test_values_come_back_with_their_types(
        self, backend: CacheBackend, value: Any
    ) -> None:
        await backend.set("key", value)
        got = await backend.get("key")
        assert type(got) is type(value)
        assert repr(got) == repr(value)

    async def test_values_that_are_false_are_there(self, backend: CacheBackend) -> None:
        falsy: list[Any] = [0, "", [], False, b""]
        for value in falsy:
            await backend.set("key", value)
            assert await backend.get("key") == value
            assert await backend.exists("key")
        await backend.set("none", None)
        assert await backend.exists("none")

    async def test_a_mutable_value_is_not_shared(self, backend: CacheBackend) -> None:
        value = {"rows": [1]}
        await backend.set("key", value)
        value["rows"].append(2)
        (await backend.get("key") or {})["rows"].append(3)
        assert await backend.get("key") == {"rows": [1]}

    async def test_a_value_that_cannot_be_kept_is_refused(self, backend: CacheBackend) -> None:
        with pytest.raises(TypeError):
            await backend.set("key", object())
        assert not await backend.exists("key")

    @pytest.mark.parametrize("key", ODD_KEYS)
    async def test_any_text_is_a_key(self, backend: CacheBackend, key: str) -> None:
        await backend.set(key, key)
        assert await backend.get(key) == key
        assert await backend.delete(key)
        assert await backend.get(key) is None

    async def test_setting_replaces(self, backend: CacheBackend, pass_time: PassTime) -> None:
        await backend.set("key", 1, ttl=10)
        await backend.set("key", 2)
        await pass_time(11)
        assert await backend.get("key") == 2

    async def test_deleting_says_whether_there_was_something(self, backend: CacheBackend) -> None:
        await backend.set("key", 1)
        assert await backend.delete("key")
        assert not await backend.delete("key")
        assert await backend.get("key") is None

    async def test_an_entry_lives_as_long_as_it_was_told(
        self, backend: CacheBackend, pass_time: PassTime
    ) -> None:
        await backend.set("short", "value", ttl=10)
        await backend.set("half", "value", ttl=0.5)
        await backend.set("long", "value")
        await pass_time(9)
        assert await backend.get("short") == "value"
        assert await backend.get("half") is None
        await pass_time(11)
        assert await backend.get("short") is None
        assert not await backend.exists("short")
        assert not await backend.delete("short")
        assert await backend.get("long") == "value"

    async def test_zero_keeps_nothing_not_even_what_was_there(self, backend: CacheBackend) -> None:
        await backend.set("key", "older")
        await backend.set("key", "newer", ttl=0)
        assert await backend.get("key") is None
        assert not await backend.exists("key")

    @pytest.mark.parametrize("ttl", [-1, -0.001, math.inf, -math.inf, math.nan])
    async def test_no_other_time_to_live_is_accepted(
        self, backend: CacheBackend, ttl: float
    ) -> None:
        with pytest.raises(ValueError, match="time to live"):
            await backend.set("key", "value", ttl=ttl)
        assert not await backend.exists("key")

    @pytest.mark.parametrize(
        ("pattern", "matching"),
        [
            ("*", {"schema:full", "schema:x", "schema", "q:1", "q:12", "q:ü", "Q:1", "[q]:1"}),
            ("schema:*", {"schema:full", "schema:x"}),
            ("schema", {"schema"}),
            ("q:?", {"q:1", "q:ü"}),
            ("q:??", {"q:12"}),
            ("?:1", {"q:1", "Q:1"}),
            ("*:1*", {"q:1", "q:12", "Q:1", "[q]:1"}),
            ("*l*l", {"schema:full"}),
            ("[q]:1", {"[q]:1"}),
            ("[qQ]:1", set()),
            ("\\q:1", set()),
            ("q:[^2]", set()),
            ("q.1", set()),
            ("", set()),
        ],
    )
    async def test_a_pattern_has_two_wildcards(
        self, backend: CacheBackend, pattern: str, matching: set[str]
    ) -> None:
        keys = {"schema:full", "schema:x", "schema", "q:1", "q:12", "q:ü", "Q:1", "[q]:1"}
        for key in keys:
            await backend.set(key, key)
        assert await backend.clear(pattern) == len(matching)
        assert {key for key in keys if not await backend.exists(key)} == matching

    async def test_many_stars_take_no_longer(self, backend: CacheBackend) -> None:
        await backend.set("a" * 200, 1)
        assert await backend.clear("a*" * 30 + "b") == 0
        assert await backend.clear("a*" * 30 + "a") == 1

    async def test_clearing_all_leaves_others_alone(
        self, backend: CacheBackend, neighbour: CacheBackend
    ) -> None:
        await neighbour.set("key", "theirs")
        for number in range(2_500):
            await backend.set(f"key:{number}", b"ours")
        assert await backend.clear() == 2_500
        assert await backend.clear() == 0
        assert await neighbour.get("key") == "theirs"

    async def test_clearing_does_not_count_what_has_expired(
        self, backend: CacheBackend, pass_time: PassTime
    ) -> None:
        await backend.set("short", 1, ttl=1)
        await backend.set("long", 1, ttl=100)
        await pass_time(2)
        assert await backend.clear("*") == 1
