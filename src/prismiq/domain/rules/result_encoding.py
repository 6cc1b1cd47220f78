"""The HTTP body of an answer, built around rows that are JSON already."""

import json
import re
from collections.abc import Mapping

from prismiq.domain.model.result import EncodedResult

_BETWEEN_ROWS = re.compile(r"[\s,]*")


def encode_result(
    result: EncodedResult, *, cached_at: float | None = None, is_from_cache: bool = False
) -> bytes:
    """Return the answer as one JSON object. The rows are copied, never parsed.

    ``cached_at`` is in Unix seconds; None for an answer that is not from a cache.
    """
    batch = result.batch
    head = {
        "columns": [output.name for output in result.outputs],
        "column_types": [output.data_type for output in result.outputs],
    }
    tail = {
        "row_count": batch.row_count,
        "truncated": batch.truncated,
        "execution_time_ms": result.execution_time_ms,
        "cached_at": cached_at,
        "is_from_cache": is_from_cache,
    }
    return b'%b,"rows":%b,%b' % (_dumped(head)[:-1], batch.rows_json, _dumped(tail)[1:])


def encode_sample(result: EncodedResult) -> bytes:
    """Return ``{"values": […]}`` from rows of one column, every digit as it was."""
    text = result.batch.rows_json.decode()
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    values = []
    position = _next_row(text, 1)
    while text[position] != "]":
        _, end = decoder.raw_decode(text, position)
        values.append(text[position + 1 : end - 1])
        position = _next_row(text, end)
    return b'{"values":[%b]}' % ",".join(values).encode()


def _next_row(text: str, position: int) -> int:
    between = _BETWEEN_ROWS.match(text, position)
    return between.end() if between else position


def _dumped(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
