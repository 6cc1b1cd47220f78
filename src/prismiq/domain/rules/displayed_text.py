"""Text and values of callers as they may appear in messages: short, one line, valid Unicode."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

_LONGEST = 60
_MOST_BITS = 128


def shown(text: str) -> str:
    """Return ``text`` in quotes, with what cannot be printed escaped, shortened to one line.

    The answer is valid Unicode of at most about 70 characters whatever comes in.
    """
    written = "".join(_printable(character) for character in text[: _LONGEST + 1])
    if len(text) > _LONGEST or len(written) > _LONGEST:
        written = written[:_LONGEST] + "…"
    return f'"{written}"'


def shown_value(value: Any) -> str:
    """Return a value as a caller would recognise it, or what it is where it is large."""
    match value:
        case None | bool():
            written = {None: "null", True: "true", False: "false"}[value]
        case str():
            written = shown(value)
        case int() if value.bit_length() > _MOST_BITS:
            written = "a very large integer"
        case int() | float() | Decimal() | date() | time():
            written = _bare(str(value))
        case Mapping():
            written = "an object"
        case list() | tuple() | set() | frozenset():
            written = "a list"
        case _:
            written = f"a value of type {_bare(type(value).__name__)}"
    return written


def _bare(text: str) -> str:
    return shown(text)[1:-1]


def _printable(character: str) -> str:
    if character in {'"', "\\"}:
        return "\\" + character
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
