"""Entries as bytes for a shared store.

::

    magic and version │ CRC-32 of the rest │ numbers │ epoch │ versions of tables │ body
"""

import struct
import zlib
from math import isnan

from prismiq.domain.model.cached_answer import CacheEntry, Versions

_MAGIC = b"\x93pe\x01"
_SEALED_AT = len(_MAGIC) + 4
_NUMBERS = struct.Struct(">dddddQIIIIBBH")
_VERSION = struct.Struct(">HB")
_EPOCH_AT = _SEALED_AT + _NUMBERS.size
_TRUNCATED, _COMPRESSED = 1, 2


def pack(entry: CacheEntry) -> bytes:
    """Return the entry as bytes, its body as it is: ``deflate`` it before.

    Raises:
        ValueError: a name, a token or the list of tables is too long.
    """
    flags = _TRUNCATED * entry.truncated | _COMPRESSED * entry.is_compressed
    try:
        numbers = _NUMBERS.pack(
            entry.created_at,
            entry.soft_expiry,
            entry.hard_expiry,
            entry.compute_seconds,
            entry.execution_time_ms,
            entry.row_count,
            entry.body_size,
            entry.rows_start,
            entry.rows_end,
            len(entry.stored),
            flags,
            len(entry.epoch),
            len(entry.versions),
        )
        tokens = b"".join(_packed_version(*version) for version in entry.versions)
    except struct.error as error:
        raise ValueError("The entry does not fit its header.") from error
    checksum = 0
    for part in (numbers, entry.epoch, tokens, entry.stored):
        checksum = zlib.crc32(part, checksum)
    return b"".join((_MAGIC, checksum.to_bytes(4), numbers, entry.epoch, tokens, entry.stored))


def unpack(data: bytes) -> CacheEntry | None:
    """Return the entry, or None for bytes that are damaged, foreign or of another version.

    A plain body is copied, once, so that the rest of ``data`` is not kept alive with it. A
    compressed one is not looked at: ``stored`` is a view of ``data``.
    """
    if len(data) < _EPOCH_AT or not data.startswith(_MAGIC):
        return None
    if zlib.crc32(memoryview(data)[_SEALED_AT:]) != int.from_bytes(data[len(_MAGIC) : _SEALED_AT]):
        return None
    try:
        return _parsed(data)
    except (struct.error, UnicodeDecodeError):
        return None


def _packed_version(name: str, token: bytes) -> bytes:
    written = name.encode()
    return _VERSION.pack(len(written), len(token)) + written + token


def _parsed(data: bytes) -> CacheEntry | None:
    *moments, rows, size, start, end, stored_size, flags, epoch_size, count = _NUMBERS.unpack_from(
        data, _SEALED_AT
    )
    created_at, soft_expiry, hard_expiry, compute_seconds, execution_time_ms = moments
    position = _EPOCH_AT + epoch_size
    epoch = data[_EPOCH_AT:position]
    versions, position = _parsed_versions(data, position, count)
    is_compressed = bool(flags & _COMPRESSED)
    stored = memoryview(data)[position:] if is_compressed else data[position:]
    is_whole = len(stored) == stored_size and (is_compressed or stored_size == size)
    if not is_whole or not start <= end <= size or any(map(isnan, moments)):
        return None
    return CacheEntry(
        created_at,
        soft_expiry,
        hard_expiry,
        compute_seconds,
        execution_time_ms,
        epoch,
        versions,
        row_count=rows,
        truncated=bool(flags & _TRUNCATED),
        body_size=size,
        rows_start=start,
        rows_end=end,
        is_compressed=is_compressed,
        stored=stored,
    )


def _parsed_versions(data: bytes, position: int, count: int) -> tuple[Versions, int]:
    versions = []
    for _ in range(count):
        name_size, token_size = _VERSION.unpack_from(data, position)
        name_at = position + _VERSION.size
        token_at = name_at + name_size
        position = token_at + token_size
        versions.append((data[name_at:token_at].decode(), data[token_at:position]))
    return tuple(versions), position
