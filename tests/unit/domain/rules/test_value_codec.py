import json
import zlib
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.value_codec import CorruptValueError, decode_value, encode_value

ANY_TEXT = st.text(st.characters())  # lone surrogates too
OFFSETS = st.timedeltas(
    min_value=timedelta(hours=-24, microseconds=1), max_value=timedelta(hours=24, microseconds=-1)
).map(timezone)
ZONES = st.none() | st.timezones() | OFFSETS
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**200, max_value=2**300)
    | st.floats()
    | ANY_TEXT
    | st.binary()
    | st.decimals()
    | st.uuids()
    | st.dates()
    | st.datetimes(timezones=ZONES)
    | st.times()
    | st.times(timezones=OFFSETS)
    | st.timedeltas()
)
KEYS = ANY_TEXT | st.just("$") | st.integers() | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda values: (
        st.lists(values)
        | st.lists(values).map(tuple)
        | st.dictionaries(KEYS, values)
        | st.dictionaries(st.just("$"), values)
    ),
    max_leaves=20,
)


def exactly(value: Any) -> Any:
    """A form in which two values are equal only when their types and all their details are."""
    if isinstance(value, (list, tuple)):
        return type(value), [exactly(member) for member in value]
    if isinstance(value, dict):
        return dict, [(exactly(key), exactly(member)) for key, member in value.items()]
    if isinstance(value, (datetime, time)):
        return type(value), repr(value.replace(tzinfo=None)), value.fold, zone(value.tzinfo)
    if isinstance(value, int):
        return type(value), value
    return type(value), repr(value)


def zone(info: tzinfo | None) -> Any:
    return info.utcoffset(None) if isinstance(info, timezone) else info


@given(VALUES)
def test_every_value_comes_back_with_its_type(value: Any) -> None:
    assert exactly(decode_value(encode_value(value))) == exactly(value)


@pytest.mark.parametrize(
    "value",
    [
        10**5000,
        -(10**5000),
        float("nan"),
        -0.0,
        Decimal("-0.00"),
        Decimal("sNaN12"),
        Decimal("1E+100000"),
        True,
        1,
        1.0,
        (),
        [],
        {},
        [()],
        "",
        b"",
        [b"\x00\xff"],
        "\ud83d\ude00",
        "😀",
        {"$": ["decimal", "1"]},
        {"$": ["tuple", []], "other": 1},
        {1: "a", "1": "b"},
        {"\ud83d\ude00": 1, "😀": 2},
        {(1, 2): 3},
        datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2024, 1, 1, tzinfo=UTC),
        time(2, 30, fold=1),
        date.min,
        timedelta.max,
        timedelta.min,
        UUID(int=0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_corner_cases_come_back(value: Any) -> None:
    assert exactly(decode_value(encode_value(value))) == exactly(value)


def test_bytes_at_the_top_grow_by_a_header_only() -> None:
    assert len(encode_value(b"x" * 1000)) < 1010


def test_what_is_read_is_not_shared() -> None:
    data = encode_value([{"a": [1]}])
    first = decode_value(data)
    first[0]["a"].append(2)
    assert decode_value(data) == [{"a": [1]}]


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    A = "a"


class Odd(ZoneInfo):
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (object(), "object"),
        ([{1, 2}], "set"),
        (frozenset(), "frozenset"),
        ({"a": 1j}, "complex"),
        (bytearray(b"a"), "bytearray"),
        (Level.LOW, "Level"),
        (Word.A, "Word"),
        ({Word.A: 1}, "Word"),
        (OrderedDict(a=1), "OrderedDict"),
        (datetime(2024, 1, 1, tzinfo=Odd("UTC")), "Odd"),
    ],
)
def test_other_types_are_refused_by_name(value: Any, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        encode_value(value)


def test_endless_values_are_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="100 deep"):
        encode_value(value)


@given(VALUES, st.data())
def test_damaged_bytes_are_told(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode_value(value))
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CorruptValueError):
        decode_value(bytes(encoded))


@given(VALUES, st.data())
def test_cut_bytes_are_told(value: Any, data: st.DataObject) -> None:
    encoded = encode_value(value)
    with pytest.raises(CorruptValueError):
        decode_value(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(st.binary())
def test_foreign_bytes_are_told(data: bytes) -> None:
    with pytest.raises(CorruptValueError):
        decode_value(data)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nothing",
        "[" * 100_000,
        "\xff",
        '{"$": null}',
        '{"$": []}',
        '{"$": ["pickle", ""]}',
        '{"$": [["tuple"], ""]}',
        '{"$": ["decimal", "x"]}',
        '{"$": ["datetime", ["2024-01-01", 0, "No/Where"]]}',
        '{"$": ["datetime", ["2024-01-01", 0, "../../etc/passwd"]]}',
        '{"$": ["datetime", ["2024-01-01", 7, null]]}',
        '{"$": ["timedelta", 1e300]}',
        '{"$": ["dict", [[[]], [1]]]}',
        '{"$": ["dict", [[1], []]]}',
        '{"$": ["uuid", 5]}',
    ],
    ids=range(16),
)
def test_well_sealed_nonsense_is_told(body: str) -> None:
    kind, content = b"j", body.encode("latin-1")
    checksum = zlib.crc32(content, zlib.crc32(kind)).to_bytes(4)
    with pytest.raises(CorruptValueError):
        decode_value(b"\x93pv\x01" + checksum + kind + content)


def test_the_bytes_of_version_1_stay_readable() -> None:
    body = json.dumps({"a": [1, {"$": ["decimal", "1.20"]}]}).encode()
    checksum = zlib.crc32(body, zlib.crc32(b"j")).to_bytes(4)
    value = decode_value(b"\x93pv\x01" + checksum + b"j" + body)
    assert exactly(value) == exactly({"a": [1, Decimal("1.20")]})
