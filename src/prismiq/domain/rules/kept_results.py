"""Answers between Python values and the entries that keep them."""

import json
from functools import lru_cache

from prismiq.domain.model.cached_answer import CacheEntry
from prismiq.domain.model.plan import Column, Output
from prismiq.domain.model.result import EncodedResult, QueryResult, RowBatch
from prismiq.domain.rules.cache_entry import result_of
from prismiq.domain.rules.type_families import family_of
from prismiq.domain.rules.value_json import encode_rows

_ROWS_FIELD = b',"rows":'


def kept_result(entry: CacheEntry) -> EncodedResult:
    """Return the answer of an inflated entry, its rows still encoded.

    Columns and types are read from the body itself, so that nobody has to plan the query again.
    """
    head = bytes(memoryview(entry.stored)[: entry.rows_start - len(_ROWS_FIELD)])
    return result_of(entry, _described(head))


def encoded(result: QueryResult) -> EncodedResult:
    """Return an answer in Python values as the database would have encoded it."""
    batch = RowBatch(encode_rows(result.rows), result.row_count, result.truncated)
    outputs = _outputs(result.columns, result.column_types)
    return EncodedResult(outputs, batch, result.execution_time_ms)


@lru_cache(maxsize=512)
def _described(head: bytes) -> tuple[Output, ...]:
    """Return the columns that the beginning of a body names. Many bodies begin alike."""
    described = json.loads(head + b"}")
    return _outputs(described["columns"], described["column_types"])


def _outputs(names: list[str], types: list[str]) -> tuple[Output, ...]:
    """Describe columns by name and type, which is all that encoding and decoding ask for."""
    columns = [
        Column(0, name, data_type, family_of(data_type))
        for name, data_type in zip(names, types, strict=True)
    ]
    return tuple(Output(c.name, c, c.data_type, c.family) for c in columns)
