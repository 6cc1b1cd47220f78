"""Parameters of a statement as JSON, in the forms that answers use."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite, isnan
from typing import Any

from prismiq.domain.model.result import CompiledSql


def encode_sql(compiled: CompiledSql) -> bytes:
    """Return ``{"sql": …, "parameters": […]}``; numbers keep every digit."""
    return (
        f'{{"sql":{json.dumps(compiled.sql)},"parameters":{_array(compiled.parameters)}}}'.encode()
    )


def _array(values: Sequence[Any]) -> str:
    return f"[{','.join(map(_value, values))}]"


def _value(value: Any) -> str:
    match value:
        case None | bool() | int() | str():
            return json.dumps(value)
        case float() | Decimal():
            return _number(value)
        case datetime() | date() | time():
            return f'"{value.isoformat()}"'
        case bytes():
            return f'"\\\\x{value.hex()}"'
        case list() | tuple():
            return _array(value)
        case _:  # UUID
            return json.dumps(str(value))


def _number(value: float | Decimal) -> str:
    if isfinite(value):
        return str(value)
    if isnan(value):
        return '"NaN"'
    return '"Infinity"' if value > 0 else '"-Infinity"'
