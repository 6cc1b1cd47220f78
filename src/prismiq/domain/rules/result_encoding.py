"""The HTTP body of an answer, built around rows that are JSON already."""

import json
import re

from prismiq.domain.model.result import EncodedResult

_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]]', re.DOTALL)
_INSIDE_ROW = 2
_dumps = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes an encoder each time


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
    before, after = _dumps(head)[:-1].encode(), _dumps(tail)[1:].encode()
    return b'%b,"rows":%b,%b' % (before, batch.rows_json, after)


def encode_sample(result: EncodedResult) -> bytes:
    """Return ``{"values": […]}`` from rows of one column, every digit as it was."""
    rows = result.batch.rows_json
    values: list[bytes] = []
    depth = start = 0
    for token in _STRING_OR_BRACKET.finditer(rows):
        if token[0] == b"[":
            depth += 1
            if depth == _INSIDE_ROW:
                start = token.end()
        elif token[0] == b"]":
            if depth == _INSIDE_ROW:
                values.append(rows[start : token.start()])
            depth -= 1
    return b'{"values":[%b]}' % b",".join(values)
