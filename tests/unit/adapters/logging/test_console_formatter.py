"""Lines for people: readable, one per record, and nothing that paints the terminal."""

import logging
import re
import sys
from typing import Any

import pytest

from prismiq.adapters.logging.console_formatter import ConsoleFormatter


def line_of(message: str = "said", *, colours: bool = False, **attributes: Any) -> str:
    record = logging.makeLogRecord(
        {"name": "shop", "levelname": "INFO", "levelno": 20, "msg": message, **attributes}
    )
    formatter = ConsoleFormatter(colours=colours, context=lambda: {"request_id": "r-1"})
    return formatter.line(record).decode()


def test_a_line_is_read_from_left_to_right() -> None:
    line = line_of("Request completed", route="/api/{id}", status_code=200, note="a b", x=None)
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} ", line[:13])
    assert line[13:] == (
        "INFO     shop Request completed request_id=r-1 route=/api/{id} status_code=200"
        ' note="a b"\n'
    )


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "MINE"])
def test_colours_are_for_those_who_want_them(level: str) -> None:
    assert "\x1b" not in line_of(levelname=level, rows=1)
    painted = line_of(levelname=level, colours=True, rows=1)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted)[13:] == line_of(levelname=level, rows=1)[13:]


@pytest.mark.parametrize("forged", ["\n12:00:00 INFO", "\r", "\x1b[2J", "\u2028", "\x85", "\ud800"])
def test_no_value_can_make_a_line_or_paint(forged: str) -> None:
    extras: dict[str, Any] = {"path": "/" + forged, "name": forged, "x" + forged: forged}
    line = line_of("a" + forged, **extras)
    assert line.count("\n") == 1
    assert line[:-1].isprintable()


def test_a_traceback_follows_indented() -> None:
    try:
        raise ValueError("first\n12:00:00 INFO second")  # noqa: TRY301
    except ValueError:
        line = line_of(exc_info=sys.exc_info())
    first, *others = line.splitlines()
    assert first.endswith("said request_id=r-1")
    assert others[0] == "    Traceback (most recent call last):"
    assert others[-1] == "    12:00:00 INFO second"
    assert all(other.startswith("    ") for other in others)
