"""Python values as bytes and back, with the same value and the same type.

The bytes are a magic number with the version, a checksum, and JSON in which everything that JSON
cannot say is an object ``{"$": [tag, content]}``. Bytes at the top stay as they are, so that a
finished body is not blown up. Nothing in it can name code, so reading foreign data is harmless.
"""

import json
import zlib
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from prismiq.domain.model.storable_text import is_unicode

ENCODED_MARK = b"\x93pv"
"""What encoded values of every version begin with."""

_MAGIC = ENCODED_MARK + b"\x01"
_RAW, _JSON = b"b", b"j"
_BODY_AT = len(_MAGIC) + 5
_TAG = "$"
_DEEPEST = 100
_LONGEST_PLAIN_INT = 256
"""Bits. Longer integers are hexadecimal, because Python bounds the length of decimal ones."""

_UNREADABLE = (
    *(ArithmeticError, AttributeError, LookupError),
    *(OSError, RecursionError, TypeError, ValueError),
)
"""What well-sealed nonsense makes the readers of the parts raise."""

_Part: TypeAlias = Callable[[Any, int], Any]


class CorruptValueError(ValueError):
    """The bytes were not written by this version of the codec, or not all of them are there."""


def encode_value(value: Any) -> bytes:
    """Return ``value`` as bytes.

    Values are None, bool, int, float, str, bytes, Decimal, UUID, date, datetime, time, timedelta,
    and lists, tuples and dicts of these. Zones are ``ZoneInfo`` or fixed offsets.

    Raises:
        TypeError: it holds a value of another type. Subclasses count as other types: they would
            not come back as what they were.
        ValueError: it is nested more than 100 deep, or holds itself.
    """
    if type(value) is bytes:
        kind, body = _RAW, value
    else:
        plain = _plain(value, 0)
        kind, body = _JSON, json.dumps(plain, separators=(",", ":")).encode()
    return b"".join((_MAGIC, _checksum(kind, body), kind, body))


def decode_value(data: bytes) -> Any:
    """Return the value that ``encode_value`` was given. Mutable parts of it are new.

    Raises:
        CorruptValueError: the bytes are damaged, foreign, or of another version.
    """
    kind, body = data[_BODY_AT - 1 : _BODY_AT], data[_BODY_AT:]
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : _BODY_AT - 1] != _checksum(kind, body):
        raise CorruptValueError("These bytes are no encoded value, or they are damaged.")
    if kind == _RAW:
        return body
    try:
        return json.loads(body, object_hook=_restored)
    except _UNREADABLE as error:
        raise CorruptValueError("These bytes hold no value that can be read.") from error


def _checksum(kind: bytes, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(kind)).to_bytes(4)


def _plain(value: Any, depth: int) -> Any:
    part = _PARTS.get(type(value))
    if part is None:
        raise TypeError(f"Values of type {type(value).__name__} cannot be kept in a cache.")
    return part(value, depth)


def _same(value: Any, _depth: int) -> Any:
    return value


def _tagged(tag: str, content: Callable[[Any], Any]) -> _Part:
    return lambda value, _depth: {_TAG: [tag, content(value)]}


def _int(value: int, _depth: int) -> Any:
    return value if value.bit_length() <= _LONGEST_PLAIN_INT else {_TAG: ["int", hex(value)]}


def _str(value: str, _depth: int) -> Any:
    if is_unicode(value):
        return value
    # JSON would read two lone surrogates beside each other as one character.
    return {_TAG: ["str", value.encode("utf-8", "surrogatepass").hex()]}


def _list(value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    if depth >= _DEEPEST:
        raise ValueError(f"A value must not be nested more than {_DEEPEST} deep.")
    return [_plain(member, depth + 1) for member in value]


def _tuple(value: tuple[Any, ...], depth: int) -> Any:
    return {_TAG: ["tuple", _list(value, depth)]}


def _dict(value: dict[Any, Any], depth: int) -> Any:
    if all(type(key) is str and key != _TAG and is_unicode(key) for key in value):
        members = _list(tuple(value.values()), depth)
        return dict(zip(value, members, strict=True))
    keys, members = _list(tuple(value), depth), _list(tuple(value.values()), depth)
    return {_TAG: ["dict", [keys, members]]}


def _zone(zone: tzinfo | None) -> str | int | None:
    if zone is None:
        return None
    if type(zone) is timezone:
        return zone.utcoffset(None) // timedelta(microseconds=1)
    if type(zone) is ZoneInfo and zone.key is not None:
        return zone.key
    raise TypeError(f"Time zones of type {type(zone).__name__} cannot be kept in a cache.")


def _restored_zone(zone: str | int | None) -> tzinfo | None:
    if isinstance(zone, int):
        return timezone(timedelta(microseconds=zone))
    return None if zone is None else ZoneInfo(zone)


def _clock(value: datetime | time) -> list[Any]:
    return [value.replace(tzinfo=None).isoformat(), value.fold, _zone(value.tzinfo)]


def _datetime(content: list[Any]) -> datetime:
    text, fold, zone = content
    return datetime.fromisoformat(text).replace(fold=fold, tzinfo=_restored_zone(zone))


def _time(content: list[Any]) -> time:
    text, fold, zone = content
    return time.fromisoformat(text).replace(fold=fold, tzinfo=_restored_zone(zone))


def _restored(members: dict[str, Any]) -> Any:
    if _TAG not in members:
        return members
    tag, content = members[_TAG]
    return _RESTORERS[tag](content)


_PARTS: dict[type, _Part] = {
    type(None): _same,
    bool: _same,
    float: _same,
    int: _int,
    str: _str,
    list: _list,
    tuple: _tuple,
    dict: _dict,
    bytes: _tagged("bytes", bytes.hex),
    Decimal: _tagged("decimal", str),
    UUID: _tagged("uuid", lambda value: value.hex),
    date: _tagged("date", date.isoformat),
    datetime: _tagged("datetime", _clock),
    time: _tagged("time", _clock),
    timedelta: _tagged("timedelta", lambda length: length // timedelta(microseconds=1)),
}

_RESTORERS: dict[str, Callable[[Any], Any]] = {
    "int": lambda digits: int(digits, 16),
    "str": lambda digits: bytes.fromhex(digits).decode("utf-8", "surrogatepass"),
    "tuple": tuple,
    "dict": lambda content: dict(zip(*content, strict=True)),
    "bytes": bytes.fromhex,
    "decimal": Decimal,
    "uuid": UUID,
    "date": date.fromisoformat,
    "datetime": _datetime,
    "time": _time,
    "timedelta": lambda microseconds: timedelta(microseconds=microseconds),
}
