"""Lengths of time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.iso_durations import parse_duration
from prismiq.domain.rules.value_binding.problem import ValueProblem

Bind = Callable[..., Constant]
Refuse = Callable[..., ValueProblem]


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("P1Y2M3DT4H5M6.7S", "P14M3DT14706.700000S"),
        ("PT90M", "P0M0DT5400.000000S"),
        ("PT1H30M", "P0M0DT5400.000000S"),
        ("-P1D", "P0M-1DT0.000000S"),
        (timedelta(seconds=-0.5), "P0M-1DT86399.500000S"),
    ],
)
def test_equal_durations_are_bound_alike(value: Any, canonical: str, bind: Bind) -> None:
    assert bind(value, "interval") == Constant(canonical, "interval", TypeFamily.INTERVAL)


@given(value=st.timedeltas(timedelta(days=-1_000_000), timedelta(days=1_000_000)))
def test_a_timedelta_is_a_duration(value: timedelta, bind: Bind) -> None:
    assert parse_duration(bind(value, "interval").value).as_timedelta() == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1 day", "invalid_interval"),
        ("", "invalid_interval"),
        ("P9999999999D", "value_out_of_range"),
        ("P999999999999Y", "value_out_of_range"),
        ("PT999999999999H", "value_out_of_range"),
        (5, "wrong_type"),
    ],
)
def test_what_is_no_duration_is_refused(value: Any, code: str, refuse: Refuse) -> None:
    assert refuse(value, "interval").code == code
