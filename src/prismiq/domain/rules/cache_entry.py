"""From an answer to its entry and back."""

import zlib
from collections.abc import Iterable, Mapping

from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.model.plan import Output
from prismiq.domain.model.result import EncodedResult, RowBatch
from prismiq.domain.rules.result_encoding import encode_result

_GZIP = 31
_BEFORE_ROWS = b',"rows":'


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


def deflate(entry: CacheEntry) -> CacheEntry:
    """Return the entry with its body compressed.

    It takes 6 ms per megabyte: it belongs into a thread, which the compressor lets run.
    """
    if entry.is_compressed:
        return entry
    return entry._replace(stored=zlib.compress(entry.stored, 1, _GZIP), is_compressed=True)


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
    return entry._replace(stored=body, is_compressed=False)


def result_of(entry: CacheEntry, outputs: Iterable[Output]) -> EncodedResult:
    """Return the answer of an inflated entry, for callers who decode its rows.

    ``outputs`` are those of the plan: columns and types are not in the header.
    """
    rows = bytes(memoryview(entry.stored)[entry.rows_start : entry.rows_end])
    batch = RowBatch(rows, entry.row_count, entry.truncated)
    return EncodedResult(tuple(outputs), batch, entry.execution_time_ms)
