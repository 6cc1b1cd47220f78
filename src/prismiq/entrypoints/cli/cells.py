"""Values of an answer as text for people and for files, with every digit the database gave."""

import json
from typing import Any


class Number(str):
    """A JSON number as it was written; as a float it could lose digits."""

    __slots__ = ()


def read_rows(rows_json: bytes) -> list[list[Any]]:
    """Return the rows; numbers stay text, everything else is what JSON makes of it."""
    rows: list[list[Any]] = json.loads(rows_json, parse_int=Number, parse_float=Number)
    return rows


def cell_text(value: Any) -> str:
    """Return one value that is not null: text and numbers as they are, the rest as JSON."""
    return value if isinstance(value, str) else _json(value)


def visible(text: str) -> str:
    """Return the text with control characters spelled out, so that none reaches a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _json(value: Any) -> str:
    if isinstance(value, Number):
        return value
    if isinstance(value, list):
        return f"[{','.join(_json(member) for member in value)}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_json(key)}:{_json(member)}' for key, member in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
