import zlib
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.rules.cache_entry import deflate, inflate
from prismiq.domain.rules.cache_envelope import pack, unpack
from prismiq.domain.rules.value_codec import encode_value

BODY = b'{"columns":["a"],"rows":[["x"]]}' + b" " * 5000
ENTRY = CacheEntry(
    created_at=1710504000.25,
    soft_expiry=1710504300.0,
    hard_expiry=inf,
    compute_seconds=0.0125,
    execution_time_ms=12.5,
    epoch=b"\x00epoch",
    versions=(("public.b", b"\xff" * 16), ("öffentlich.a", b"")),
    row_count=1,
    truncated=True,
    body_size=len(BODY),
    rows_start=24,
    rows_end=31,
    is_compressed=False,
    stored=BODY,
)
moments = st.floats(allow_nan=False)
sizes = st.integers(0, 2**63)
entries = st.builds(
    lambda entry, body, start, length: entry._replace(
        stored=body,
        body_size=len(body),
        rows_start=min(start, len(body)),
        rows_end=min(start + length, len(body)),
    ),
    st.builds(
        CacheEntry,
        created_at=moments,
        soft_expiry=moments,
        hard_expiry=moments,
        compute_seconds=moments,
        execution_time_ms=moments,
        epoch=st.binary(max_size=255),
        versions=st.lists(
            st.tuples(st.text(st.characters(codec="utf-8")), st.binary(max_size=255)), max_size=5
        ).map(tuple),
        row_count=sizes,
        truncated=st.booleans(),
        body_size=st.just(0),
        rows_start=st.just(0),
        rows_end=st.just(0),
        is_compressed=st.just(False),
        stored=st.just(b""),
    ),
    st.binary(),
    st.integers(0, 100),
    st.integers(0, 100),
)


def resealed(data: bytes) -> bytes:
    """Give damaged bytes a checksum that is right, as a stranger could."""
    return data[:4] + zlib.crc32(data[8:]).to_bytes(4) + data[8:]


@given(entries)
def test_entries_come_back(entry: CacheEntry) -> None:
    assert unpack(pack(entry)) == entry
    small = deflate(entry)
    again = unpack(pack(small))
    assert again == small
    assert again is not None
    assert inflate(again) == entry


def test_a_compressed_body_is_not_copied() -> None:
    data = pack(deflate(ENTRY))
    entry = unpack(data)
    assert entry is not None
    assert isinstance(entry.stored, memoryview)
    assert entry.stored.obj is data


def test_a_plain_body_does_not_keep_the_envelope_alive() -> None:
    entry = unpack(pack(ENTRY))
    assert entry is not None
    assert type(entry.stored) is bytes


@given(st.data())
def test_damaged_bytes_are_no_entry(data: st.DataObject) -> None:
    packed = bytearray(pack(deflate(ENTRY)))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    assert unpack(bytes(packed)) is None


@pytest.mark.parametrize("entry", [ENTRY, deflate(ENTRY)], ids=["plain", "compressed"])
def test_bytes_that_were_cut_or_grew_are_no_entry(entry: CacheEntry) -> None:
    packed = pack(entry)
    assert {unpack(packed[:size]) for size in range(len(packed))} == {None}
    assert unpack(packed + b"x") is None
    assert unpack(resealed(packed + b"x")) is None


@given(st.data())
def test_sealed_nonsense_never_raises(data: st.DataObject) -> None:
    packed = bytearray(pack(deflate(ENTRY)))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(8, len(packed) - 1))] = data.draw(st.integers(0, 255))
    entry = unpack(resealed(bytes(packed)))
    if entry is not None:
        inflate(entry)


@given(st.binary().map(lambda noise: resealed(b"\x93pe\x01----" + noise)) | st.binary())
def test_foreign_bytes_are_no_entry(data: bytes) -> None:
    assert unpack(data) is None


def test_other_versions_and_other_formats_are_no_entry() -> None:
    packed = pack(ENTRY)
    assert unpack(b"\x93pe\x02" + packed[4:]) is None
    assert unpack(encode_value(packed)) is None
    assert unpack(pack(ENTRY._replace(soft_expiry=nan))) is None
    assert unpack(pack(ENTRY._replace(rows_start=32))) is None
    assert unpack(pack(ENTRY._replace(rows_end=10**6))) is None


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY._replace(epoch=b"x" * 256),
        ENTRY._replace(versions=(("a", b"x" * 256),)),
        ENTRY._replace(versions=(("a" * 70_000, b""),)),
        ENTRY._replace(versions=(("a", b""),) * 70_000),
        ENTRY._replace(body_size=2**32),
    ],
    ids=["epoch", "token", "name", "tables", "body"],
)
def test_what_does_not_fit_is_refused(entry: CacheEntry) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        pack(entry)


def test_the_bytes_of_version_1_stay_readable() -> None:
    small = ENTRY._replace(stored=b"[[]]", body_size=4, rows_start=1, rows_end=3, versions=())
    assert pack(small).hex() == (
        "93706501761c90d741d97d0e1010000041d97d0e5b0000007ff00000000000003f8999999999999a40290000"
        "00000000000000000000000100000004000000010000000300000004010600000065706f63685b5b5d5d"
    )
