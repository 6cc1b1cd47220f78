"""Numbers that fit their type, and those that do not."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.value_binding.problem import ValueProblem

Bind = Callable[..., Constant]
Refuse = Callable[..., ValueProblem]

BITS = {"smallint": 15, "integer": 31, "bigint": 63}
INTEGER_TYPES = st.sampled_from(sorted(BITS))


@given(value=st.integers(-(2**70), 2**70), data_type=INTEGER_TYPES)
def test_integers_are_bound_within_the_bounds_of_their_type(
    value: int, data_type: str, bind: Bind, refuse: Refuse
) -> None:
    bound = 1 << BITS[data_type]
    if -bound <= value < bound:
        assert bind(value, data_type) == Constant(value, data_type, TypeFamily.INTEGER)
    else:
        assert refuse(value, data_type).code == "value_out_of_range"


@given(value=st.integers(-(2**63), 2**63 - 1))
def test_digits_as_text_are_a_bigint(value: int, bind: Bind) -> None:
    assert bind(str(value), "bigint").value == value


@pytest.mark.parametrize("data_type", ["smallint", "integer", "bigint"])
@pytest.mark.parametrize(
    ("value", "came"),
    [
        (True, "true"),
        (5.0, "5.0"),
        (Decimal(5), "5"),
        ("abc", '"abc"'),
        ("\u0665", '"\u0665"'),
        ([5], "a list"),
        ({}, "an object"),
    ],
)
def test_only_integers_are_integers(data_type: str, value: Any, came: str, refuse: Refuse) -> None:
    problem = refuse(value, data_type)
    assert (problem.code, problem.message) == ("wrong_type", f"Expected an integer, got {came}.")


def test_digits_as_text_are_no_small_integer(refuse: Refuse) -> None:
    assert refuse("5", "integer").code == "wrong_type"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5, "5"), (0.1, "0.1"), ("12345678901234567890.12", None), ("-1e-3", None), ("+.5", None)],
)
def test_exact_numbers_keep_the_digits_they_are_written_with(
    value: Any, expected: str | None, bind: Bind
) -> None:
    assert bind(value, "numeric").value == Decimal(expected or value)


@given(value=st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_are_bound_as_they_are(value: Decimal, bind: Bind, refuse: Refuse) -> None:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if value.adjusted() < 131_072 and exponent >= -16_383:
        assert bind(value, "numeric") == Constant(value, "numeric", TypeFamily.NUMERIC)
    else:
        assert refuse(value, "numeric").code == "value_out_of_range"


@pytest.mark.parametrize("data_type", ["numeric", "real", "double precision"])
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")]
)
def test_what_is_not_finite_is_refused(value: Any, data_type: str, refuse: Refuse) -> None:
    assert refuse(value, data_type).code == "value_not_finite"


def test_numeric_has_a_largest_number(bind: Bind, refuse: Refuse) -> None:
    assert bind(10**1000, "numeric").value == Decimal(10) ** 1000
    assert refuse(10**131_072, "numeric").code == "value_out_of_range"
    assert refuse(1 << 10**7, "numeric").code == "value_out_of_range"
    assert refuse("1e131072", "numeric").code == "value_out_of_range"
    assert refuse("1e-16384", "numeric").code == "value_out_of_range"


@pytest.mark.parametrize("value", ["", "1,5", "1e", "0x10", "NaN", " 1", "1\n", "1_000", "\u0661"])
def test_text_that_is_no_decimal_is_no_number(value: str, refuse: Refuse) -> None:
    assert refuse(value, "numeric").code == "wrong_type"


def test_a_number_as_text_has_a_bounded_length(refuse: Refuse) -> None:
    assert refuse("1" * 51, "numeric").code == "value_too_long"


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_bound_as_they_are(value: float, bind: Bind) -> None:
    assert bind(value, "double precision").value == value


@pytest.mark.parametrize("value", [5, Decimal("5.0")])
def test_other_numbers_become_floats_for_float_columns(value: Any, bind: Bind) -> None:
    bound = bind(value, "real").value
    assert (bound, type(bound)) == (5.0, float)


@pytest.mark.parametrize(
    ("value", "data_type"),
    [(1e39, "real"), (10**400, "double precision"), (Decimal("1e400"), "double precision")],
)
def test_a_float_that_would_overflow_is_refused(value: Any, data_type: str, refuse: Refuse) -> None:
    assert refuse(value, data_type).code == "value_out_of_range"


@pytest.mark.parametrize("value", [True, "1.5", "NaN", None])
def test_text_is_no_float(value: Any, refuse: Refuse) -> None:
    assert refuse(value, "double precision").code in {"wrong_type", "null_value"}
