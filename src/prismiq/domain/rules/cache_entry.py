"""An answer as it is kept: what a hit needs to know, and the finished HTTP body of a hit."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from prismiq.domain.model.plan import Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.rules.result_encoding import encode_result

Versions: TypeAlias = tuple[tuple[str, bytes], ...]
"""Names of tables and the version token that each had before the query ran, in order."""

COMPRESS_FROM = 4096
"""Bytes. Shorter bodies are kept plain: what compression saves there is less than it costs."""

_GZIP = 31
_BEFORE_ROWS = b',"rows":'


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A kept answer. Moments are in Unix seconds, and infinite where there is none."""

    created_at: float
    soft_expiry: float
    """From then on the answer is renewed when it is asked for."""
    hard_expiry: float
    """From then on the answer is served only while the database cannot be reached."""
    compute_seconds: float
    execution_time_ms: float
    epoch: bytes
    """The version token of everything, as it was before the query ran."""
    versions: Versions
    row_count: int
    truncated: bool
    body_size: int
    """Bytes of the plain body."""
    rows_start: int
    """Where the rows begin in the plain body."""
    rows_end: int
    is_compressed: bool
    stored: bytes | memoryview
    """The body, plain or as one gzip member, which can be sent as it is to clients that take it."""


def entry_of(
    result: EncodedResult,
    *,
    created_at: float,
    soft_expiry: float,
    hard_expiry: float,
    compute_seconds: float,
    epoch: bytes,
    versions: Mapping[str, bytes],
) -> CacheEntry:
    """Return an entry with the body that a hit sends: ``is_from_cache`` is true in it."""
    body = encode_result(result, cached_at=created_at, is_from_cache=True)
    rows_start = body.index(_BEFORE_ROWS) + len(_BEFORE_ROWS)  # texts before it escape the quotes
    return CacheEntry(
        created_at=created_at,
        soft_expiry=soft_expiry,
        hard_expiry=hard_expiry,
        compute_seconds=compute_seconds,
        execution_time_ms=result.execution_time_ms,
        epoch=epoch,
        versions=tuple(sorted(versions.items())),
        row_count=result.batch.row_count,
        truncated=result.batch.truncated,
        body_size=len(body),
        rows_start=rows_start,
        rows_end=rows_start + len(result.batch.rows_json),
        is_compressed=False,
        stored=body,
    )


def deflate(entry: CacheEntry, compress_from: int = COMPRESS_FROM) -> CacheEntry:
    """Return the entry with its body compressed where that is worth it.

    It takes 6 ms per megabyte: large bodies belong into a thread, which the compressor lets run.
    """
    if entry.is_compressed or entry.body_size < compress_from:
        return entry
    return replace(entry, stored=zlib.compress(entry.stored, 1, _GZIP), is_compressed=True)


def inflate(entry: CacheEntry) -> CacheEntry | None:
    """Return the entry with its plain body; None: it is not the body that was sealed."""
    if not entry.is_compressed:
        return entry
    try:
        reader = zlib.decompressobj(_GZIP)
        body = reader.decompress(entry.stored, entry.body_size + 1)
    except zlib.error:
        return None
    if len(body) != entry.body_size or not reader.eof or reader.unused_data:
        return None
    return replace(entry, stored=body, is_compressed=False)


def result_of(entry: CacheEntry, outputs: Iterable[Output]) -> EncodedResult:
    """Return the answer of an inflated entry, for callers who decode its rows.

    ``outputs`` are those of the plan: columns and types are not in the header.
    """
    rows = bytes(memoryview(entry.stored)[entry.rows_start : entry.rows_end])
    batch = RowBatch(rows, entry.row_count, entry.truncated)
    return EncodedResult(tuple(outputs), batch, entry.execution_time_ms)
