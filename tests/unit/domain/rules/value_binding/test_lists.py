"""Lists, and what is the same for all types."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.type_capabilities import operators_for
from prismiq.domain.rules.type_families import family_of
from prismiq.domain.rules.value_binding.problem import ValueProblem

Bind = Callable[..., Constant]
Refuse = Callable[..., ValueProblem]

TYPES = [
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
    "text",
    "character",
    "boolean",
    "date",
    "timestamp without time zone",
    "timestamp with time zone",
    "time without time zone",
    "time with time zone",
    "interval",
    "uuid",
    "inet",
    "cidr",
    "bytea",
]
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(value=JSON_VALUES, data_type=st.sampled_from(TYPES))
def test_any_value_is_bound_or_refused_with_a_sentence(
    value: Any, data_type: str, bind: Bind
) -> None:
    try:
        outcome: Constant | ValueProblem = bind(value, data_type)
    except ValueProblem as problem:
        outcome = problem
    if isinstance(outcome, Constant):
        assert outcome.family is family_of(data_type)
    else:
        assert outcome.message.encode()
        assert outcome.message.isprintable()
        assert outcome.message.endswith(".")


@pytest.mark.parametrize("data_type", TYPES)
def test_null_is_refused_with_what_to_use_instead(data_type: str, refuse: Refuse) -> None:
    problem = refuse(None, data_type)
    assert problem.code == "null_value"
    assert "is_null" in (problem.suggestion or "")


def test_every_family_that_is_filtered_by_value_can_be_bound() -> None:
    filtered = {family for family in TypeFamily if "eq" in operators_for(family)}
    assert filtered == {family_of(data_type) for data_type in TYPES} | {TypeFamily.ENUM}


def test_a_list_is_an_array_in_its_order(bind_all: Bind) -> None:
    assert bind_all([3, 1, 3], "integer") == Constant((3, 1, 3), "integer[]", TypeFamily.ARRAY)
    assert bind_all(("a",), "text") == Constant(("a",), "text[]", TypeFamily.ARRAY)
    moods = bind_all(["ok"], "public.mood", labels=("ok", "sad"))
    assert moods == Constant(("ok",), "public.mood[]", TypeFamily.ARRAY)


def test_a_list_may_be_as_long_as_the_limit(bind_all: Bind) -> None:
    assert bind_all([1, 2, 3, 4, 5], "integer").value == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ([], "empty_list", ""),
        ([1, 2, 3, 4, 5, 6], "list_too_long", ""),
        ("abc", "wrong_type", ""),
        ({"a": 1}, "wrong_type", ""),
        (5, "wrong_type", ""),
        (None, "wrong_type", ""),
        ([1, 2, "x"], "wrong_type", "[2]"),
        ([1, None], "null_value", "[1]"),
        ([2**31], "value_out_of_range", "[0]"),
        ([[1]], "wrong_type", "[0]"),
    ],
)
def test_a_problem_names_the_member(values: Any, code: str, path: str, bind_all: Bind) -> None:
    with pytest.raises(ValueProblem) as caught:
        bind_all(values, "integer")
    assert (caught.value.code, caught.value.path) == (code, path)


def test_a_list_that_is_too_long_is_not_read(bind_all: Bind) -> None:
    with pytest.raises(ValueProblem) as caught:
        bind_all(["not a number"] * 100_000, "integer")
    assert caught.value.message == "The list has 100000 values, 5 are allowed."
