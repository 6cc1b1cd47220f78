"""Values as text that keeps their type, and the brackets around it.

Equal texts mean equal values of one type. The text is JSON; what JSON has no form for is a list
that begins with its type, and so is every list.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any
from uuid import UUID

_LONGEST_DECIMAL_INT = 256
"""Bits. Python bounds the length of decimal integers, not of hexadecimal ones."""


def sequence_of(kind: str, members: Iterable[str]) -> str:
    """Return texts in their order, as one text."""
    return f"[{','.join((text_of(kind), *members))}]"


def set_of(kind: str, members: Iterable[str]) -> str:
    """Return texts whose order and number do not matter, as one text."""
    return sequence_of(kind, sorted(set(members)))


def text_of(value: Any) -> str:
    """Return the text of a value that a query may hold. A subclass counts as its base.

    Raises:
        TypeError: no filter takes a value of this type.
    """
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            is_short = value.bit_length() <= _LONGEST_DECIMAL_INT
            return int.__repr__(value) if is_short else sequence_of("int", [text_of(hex(value))])
        case float():
            return float.__repr__(value)
        case tuple() | list():
            return sequence_of("list", map(text_of, value))
        case Mapping():
            return set_of("map", (sequence_of("", map(text_of, item)) for item in value.items()))
        case _:
            kind, written = _typed(value)
            return sequence_of(kind, [text_of(written)])


def _typed(value: Any) -> tuple[str, str]:
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return kind.__name__, write(value)
    raise TypeError(f"A query cannot hold a value of type {type(value).__name__}.")


def _with_zone(moment: datetime | time) -> str:
    return f"{moment.isoformat()} {moment.tzinfo}"


_WRITERS: Sequence[tuple[type, Callable[[Any], str]]] = (
    (Decimal, str),
    (datetime, _with_zone),
    (date, date.isoformat),
    (time, _with_zone),
    (timedelta, lambda length: str(length // timedelta(microseconds=1))),
    (UUID, str),
    (bytes, bytes.hex),
    (bytearray, bytearray.hex),
    (memoryview, memoryview.hex),
    (IPv4Interface, str),
    (IPv6Interface, str),
    (IPv4Address, str),
    (IPv6Address, str),
    (IPv4Network, str),
    (IPv6Network, str),
)
"""The first that fits counts: a datetime is a date too, an interface an address."""
