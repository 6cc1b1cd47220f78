"""From the JSON that PostgreSQL made of rows to Python values, by the types of the columns."""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from prismiq.domain.model.errors import QueryExecutionError
from prismiq.domain.model.plan import Output
from prismiq.domain.model.result import EncodedResult, QueryResult
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.iso_durations import parse_duration
from prismiq.domain.rules.type_families import element_of, family_of

_Decoder: TypeAlias = Callable[[Any], Any]
# json.loads makes a decoder each time.
_read_decimals = json.JSONDecoder(parse_float=Decimal).decode
_read_floats = json.JSONDecoder(parse_float=float).decode
_JSON_FAMILIES = frozenset({TypeFamily.JSON, TypeFamily.JSONB, TypeFamily.OPAQUE})


def decode_result(result: EncodedResult) -> QueryResult:
    """Return the answer in Python values; see ``QueryResult`` for which."""
    outputs, batch = result.outputs, result.batch
    return QueryResult(
        columns=[output.name for output in outputs],
        column_types=[output.data_type for output in outputs],
        rows=decode_rows(batch.rows_json, outputs),
        row_count=batch.row_count,
        truncated=batch.truncated,
        execution_time_ms=result.execution_time_ms,
    )


def decode_rows(rows_json: bytes, outputs: Sequence[Output]) -> list[list[Any]]:
    """Return rows of values, decoded by the type of their column.

    Numeric keeps every digit. Numbers inside JSON are plain ints and floats.

    Raises:
        QueryExecutionError: a JSON value is nested deeper than Python can follow.
    """
    try:
        return _decoded(rows_json, outputs)
    except RecursionError as error:
        raise QueryExecutionError(
            "A JSON value in the answer is nested too deeply to be read.",
            code="json_too_deep",
            caused_by_query=True,
        ) from error


def _decoded(rows_json: bytes, outputs: Sequence[Output]) -> list[list[Any]]:
    families = [_element_family(output) for output in outputs]
    keeps_digits = TypeFamily.NUMERIC in families
    rows = _parsed(rows_json, keeps_digits=keeps_digits)
    decoders = dict(_DECODERS)
    if keeps_digits:
        decoders.update(dict.fromkeys(_JSON_FAMILIES, _with_plain_numbers))
    for index, (output, family) in enumerate(zip(outputs, families, strict=True)):
        if family in decoders:
            _decode_column(
                rows, index, decoders[family], is_array=output.family is TypeFamily.ARRAY
            )
    return rows


def _decode_column(rows: list[list[Any]], index: int, decode: _Decoder, *, is_array: bool) -> None:
    try:
        _replace(rows, index, _each(decode) if is_array else decode)
    except (ValueError, OverflowError):
        patient = _or_text(decode)
        _replace(rows, index, _each(patient) if is_array else patient)


def _replace(rows: list[list[Any]], index: int, decode: _Decoder) -> None:
    for row in rows:
        value = row[index]
        if value is not None:
            row[index] = decode(value)


def _parsed(rows_json: bytes, *, keeps_digits: bool) -> list[list[Any]]:
    text = rows_json.decode()
    try:
        rows: list[list[Any]] = (_read_decimals if keeps_digits else _read_floats)(text)
    except ValueError:  # Python refuses to read integers of more than 4,300 digits by itself
        rows = json.loads(
            text,
            parse_float=Decimal if keeps_digits else float,
            parse_int=lambda digits: int(Decimal(digits)),
        )
    return rows


def _element_family(output: Output) -> TypeFamily:
    if output.family is TypeFamily.ARRAY:
        return family_of(element_of(output.data_type))
    return output.family


def _each(decode: _Decoder) -> _Decoder:
    """Return a decoder of arrays, however nested. A JSON list in an array is taken for one."""

    def decode_members(members: Any) -> Any:
        return [
            None
            if member is None
            else decode_members(member)
            if isinstance(member, list)
            else decode(member)
            for member in members
        ]

    return decode_members


def _or_text(decode: _Decoder) -> _Decoder:
    """Return a decoder that leaves text alone which Python has no value for.

    It is slower, so it goes over a column again only where the plain decoder has met such text;
    what that one had decoded already is left alone too.
    """

    def decode_or_keep(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return decode(value)
        except (ValueError, OverflowError):
            return value

    return decode_or_keep


def _timedelta(text: str) -> timedelta:
    return parse_duration(text).as_timedelta()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


def _with_plain_numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_with_plain_numbers(member) for member in value]
    if isinstance(value, dict):
        return {key: _with_plain_numbers(member) for key, member in value.items()}
    return value


_DECODERS: dict[TypeFamily, _Decoder] = {
    TypeFamily.NUMERIC: Decimal,
    TypeFamily.FLOAT: float,
    TypeFamily.DATE: date.fromisoformat,
    TypeFamily.TIMESTAMP: datetime.fromisoformat,
    TypeFamily.TIMESTAMPTZ: datetime.fromisoformat,
    TypeFamily.TIME: time.fromisoformat,
    TypeFamily.TIMETZ: time.fromisoformat,
    TypeFamily.INTERVAL: _timedelta,
    TypeFamily.UUID: UUID,
    TypeFamily.BYTEA: _bytes,
}
"""Families that are not here are in JSON what they are in Python."""
