"""How callers' text appears in messages."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.displayed_text import shown, shown_value

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


@given(ANY_TEXT)
def test_shown_text_is_one_short_line_of_valid_unicode(text: str) -> None:
    display = shown(text)
    assert display.encode()
    assert display.isprintable()
    assert len(display) <= 63


@given(st.text("abc äß🛫 _-.", max_size=60))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == f'"{text}"'


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        ("a\nb", r'"a\nb"'),
        ("a\x00b", r'"a\x00b"'),
        ("a\ud800b", r'"a\ud800b"'),
        ("a\u202eb", r'"a\u202eb"'),
        ("x" * 61, '"' + "x" * 60 + '…"'),
    ],
)
def test_text_that_could_mislead_is_escaped_or_cut(text: str, display: str) -> None:
    assert shown(text) == display


@pytest.mark.parametrize(
    ("value", "display"),
    [
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        ("5", '"5"'),
        (date(2024, 1, 31), "2024-01-31"),
        ([1, 2], "a list"),
        ((1, 2), "a list"),
        ({"a": 1}, "an object"),
        (b"", "a value of type bytes"),
    ],
)
def test_values_are_shown_as_json_has_them(value: Any, display: str) -> None:
    assert shown_value(value) == display


def test_a_number_of_thousands_of_digits_is_not_spelt_out() -> None:
    assert shown_value(10**5000) == "a very large integer"
