"""Integers, exact numbers and floating-point numbers."""

import math
import re
from decimal import Decimal
from typing import Any

from prismiq.domain.rules.value_binding.problem import ValueProblem, out_of_range, wrong_type
from prismiq.domain.rules.value_binding.target import Target

_BITS = {"smallint": 15, "integer": 31, "bigint": 63}
_INTEGER_TEXT = re.compile(r"[+-]?[0-9]{1,25}")
_DECIMAL_TEXT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_DIGITS_BEFORE_POINT = 131_072
_DIGITS_AFTER_POINT = 16_383
_LARGEST_REAL = (2 - 2**-23) * 2.0**127


def integer(value: Any, target: Target) -> int:
    """Return an integer within the bounds of the type. ``bigint`` takes digits as text too."""
    if isinstance(value, str) and target.data_type == "bigint" and _INTEGER_TEXT.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type("an integer", value)
    bound = 1 << _BITS[target.data_type]
    if not -bound <= value < bound:
        raise out_of_range(
            f"The number does not fit {target.data_type}, which holds {-bound} to {bound - 1}."
        )
    return value


def exact(value: Any, target: Target) -> Decimal:
    """Return a finite decimal. Floats give the digits that they are written with."""
    number = _decimal(value, target)
    if not number.is_finite():
        raise _not_finite()
    exponent = number.as_tuple().exponent
    if number.adjusted() >= _DIGITS_BEFORE_POINT or int(exponent) < -_DIGITS_AFTER_POINT:
        raise _too_many_digits()
    return number


def _decimal(value: Any, target: Target) -> Decimal:
    match value:
        case bool():
            raise wrong_type("a number", value)
        case Decimal():
            return value
        case int() if value.bit_length() > 4 * _DIGITS_BEFORE_POINT:
            raise _too_many_digits()
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case str() if len(value) > target.limits.max_text_length:
            raise ValueProblem(
                "value_too_long",
                f"A number may have {target.limits.max_text_length} characters at most.",
            )
        case str() if _DECIMAL_TEXT.fullmatch(value):
            return Decimal(value)
        case _:
            raise wrong_type("a number", value)


def floating(value: Any, target: Target) -> float:
    """Return a finite float that the type can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise wrong_type("a number", value)
    if _is_special(value):
        raise _not_finite()
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or (target.data_type == "real" and abs(number) > _LARGEST_REAL):
        raise out_of_range(f"The number does not fit {target.data_type}.")
    return number


def _too_many_digits() -> ValueProblem:
    return out_of_range(
        f"The number does not fit numeric, which holds {_DIGITS_BEFORE_POINT} digits before"
        f" the point and {_DIGITS_AFTER_POINT} after it."
    )


def _is_special(value: Any) -> bool:
    if isinstance(value, Decimal):
        return not value.is_finite()
    return isinstance(value, float) and not math.isfinite(value)


def _not_finite() -> ValueProblem:
    return ValueProblem("value_not_finite", "Expected a finite number, got NaN or an infinity.")
