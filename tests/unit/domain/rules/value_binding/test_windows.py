"""Windows of time as values of filters."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.rules.type_families import family_of
from prismiq.domain.rules.value_binding.problem import ValueProblem
from prismiq.domain.rules.value_binding.windows import Window, bind_last_days, bind_window

TIMESTAMPTZ = "timestamp with time zone"
NOW = datetime(2024, 5, 15, 2, tzinfo=UTC)  # still the 14th in New York


def window(value: Any, data_type: str = "date") -> Window:
    return bind_window(
        value,
        data_type=data_type,
        family=family_of(data_type),
        limits=QueryLimits(),
        timezone="America/New_York",
        now=NOW,
    )


def days(value: Any, data_type: str = "date") -> Window:
    return bind_last_days(
        value,
        data_type=data_type,
        family=family_of(data_type),
        timezone="America/New_York",
        now=NOW,
    )


def test_days_are_those_of_the_callers_calendar() -> None:
    start, end = days(1)
    assert (start.value, end.value) == (date(2024, 5, 14), date(2024, 5, 15))
    start, end = days(2, TIMESTAMPTZ)
    assert start.value == datetime(2024, 5, 13, 4, tzinfo=UTC)
    assert end.value == datetime(2024, 5, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "value_out_of_range"),
        (-1, "value_out_of_range"),
        (36_601, "value_out_of_range"),
        (10**100, "value_out_of_range"),
        (True, "wrong_type"),
        (7.0, "wrong_type"),
        ("7", "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_a_number_of_days_is_a_positive_integer(value: Any, code: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        days(value)
    assert caught.value.code == code


def test_a_preset_is_a_window() -> None:
    start, end = window("yesterday")
    assert (start.value, end.value) == (date(2024, 5, 13), date(2024, 5, 14))


def test_an_unknown_preset_is_answered_with_the_closest_one() -> None:
    with pytest.raises(ValueProblem) as caught:
        window("last_moth")
    assert caught.value.code == "unknown_preset"
    assert caught.value.suggestion == 'Did you mean "last_month"?'


def test_start_and_end_are_read_as_values_of_the_column() -> None:
    start, end = window({"start": "2024-01-01", "end": "2024-02-01"})
    assert (start.value, end.value) == (date(2024, 1, 1), date(2024, 2, 1))
    start, end = window({"start": "2024-01-01", "end": "2024-01-01T12:00Z"}, TIMESTAMPTZ)
    assert (start.value.hour, end.value.hour) == (5, 12)


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (None, "wrong_type", ""),
        (7, "wrong_type", ""),
        (["2024-01-01", "2024-02-01"], "wrong_type", ""),
        ({}, "invalid_window", ""),
        ({"start": "2024-01-01"}, "invalid_window", ""),
        ({"start": "2024-01-01", "end": "2024-02-01", "unit": "day"}, "invalid_window", ""),
        ({"start": "2024-01-01", "end": "soon"}, "invalid_date", ".end"),
        ({"start": None, "end": "2024-02-01"}, "null_value", ".start"),
        ({"start": "2024-01-01", "end": "2024-01-01"}, "empty_window", ""),
        ({"start": "2024-02-01", "end": "2024-01-01"}, "empty_window", ""),
    ],
)
def test_a_window_that_is_none_is_refused(value: Any, code: str, path: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        window(value)
    assert (caught.value.code, caught.value.path) == (code, path)
