"""Durations as text."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.iso_durations import Duration, duration_of, parse_duration

DURATIONS = st.builds(
    Duration,
    st.integers(-(10**9), 10**9),
    st.integers(-(10**9), 10**9),
    st.integers(-(10**17), 10**17),
)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P1Y2M3DT4H5M6.7S", Duration(14, 3, 14_706_700_000)),
        ("P-1Y-2M3DT-4H-5M-6.7S", Duration(-14, 3, -14_706_700_000)),
        ("PT-0.5S", Duration(0, 0, -500_000)),
        ("PT0S", Duration(0, 0, 0)),
        ("P2W", Duration(0, 14, 0)),
        ("-P1DT1H", Duration(0, -1, -3_600_000_000)),
        ("PT1.000001S", Duration(0, 0, 1_000_001)),
    ],
)
def test_every_part_may_have_its_own_sign(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "1D", "P1H", "PT1.5H", "P1.5D", "P1D2M", "PT1.S", "P1D\n", "infinity"],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["PT1.1234567S", "P9999999999999D", "P\u0661D", "P1D'; DROP TABLE flights"]
)
def test_neither_is_text_that_the_database_would_read_otherwise(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        parse_duration(text)


@given(DURATIONS)
def test_the_canonical_text_says_the_same(duration: Duration) -> None:
    assert parse_duration(duration.canonical()) == duration


@given(st.timedeltas())
def test_a_timedelta_comes_back(length: timedelta) -> None:
    assert parse_duration(duration_of(length).canonical()).as_timedelta() == length


def test_a_year_has_365_days_and_a_month_30() -> None:
    assert parse_duration("P1Y1M1D").as_timedelta() == timedelta(days=396)
    assert parse_duration("P-1Y-1M1D").as_timedelta() == timedelta(days=-394)
