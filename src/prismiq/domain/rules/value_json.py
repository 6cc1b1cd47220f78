"""Python values as JSON, in the forms that answers use."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite, isnan
from typing import Any

from prismiq.domain.model.result import CompiledSql
from prismiq.domain.rules.iso_durations import duration_of


def encode_sql(compiled: CompiledSql) -> bytes:
    """Return ``{"sql": …, "parameters": […]}``; numbers keep every digit."""
    return (
        f'{{"sql":{json.dumps(compiled.sql)},"parameters":{_array(compiled.parameters)}}}'.encode()
    )


def encode_rows(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows of decoded values as the JSON that they were decoded from, or its equal.

    Raises:
        RecursionError: a value holds itself.
    """
    return _array(rows).encode()


def _array(values: Sequence[Any]) -> str:
    return f"[{','.join(map(_value, values))}]"


def _object(members: Mapping[str, Any]) -> str:
    return f"{{{','.join(f'{json.dumps(key)}:{_value(value)}' for key, value in members.items())}}}"


def _value(value: Any) -> str:  # noqa: PLR0911 - one line for each kind
    match value:
        case None | bool() | str():
            return json.dumps(value)
        case int() | float() | Decimal():
            return _number(value)
        case datetime() | date() | time():
            return f'"{value.isoformat()}"'
        case timedelta():
            return f'"{duration_of(value).canonical()}"'
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case list() | tuple():
            return _array(value)
        case dict():
            return _object(value)
        case _:  # UUID
            return json.dumps(str(value))


def _number(value: float | Decimal) -> str:
    if isinstance(value, int):
        # Python bounds the length of integers that it prints itself, and not that of decimals.
        return str(value) if value.bit_length() < _LONG_INTEGER else f"{Decimal(value):f}"
    if isfinite(value):
        return str(value)
    if isnan(value):
        return '"NaN"'
    return '"Infinity"' if value > 0 else '"-Infinity"'


_LONG_INTEGER = 4_096
"""Bits."""
