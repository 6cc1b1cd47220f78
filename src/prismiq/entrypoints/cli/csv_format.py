"""Answers as CSV (RFC 4180), for programs and for spreadsheets."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from prismiq.entrypoints.cli.cells import Number, cell_text

_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$|^$')
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield a header and one line per row.

    Null is an empty field, an empty text is ``""``. A text that a spreadsheet would take for a
    formula gets an apostrophe in front; numbers are left alone.
    """
    yield ",".join(_field(name) for name in columns)
    for row in rows:
        yield ",".join("" if value is None else _field(value) for value in row)


def _field(value: Any) -> str:
    text = cell_text(value)
    if isinstance(value, Number):
        return text
    if text.startswith(_FORMULA_STARTS):
        text = f"'{text}"
    if _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text
