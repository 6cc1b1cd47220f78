"""Text, patterns and labels."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Constant
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.value_binding.binding import bind_pattern
from prismiq.domain.rules.value_binding.problem import ValueProblem

Bind = Callable[..., Constant]
Refuse = Callable[..., ValueProblem]

MOODS = ("sad", "ok", "happy")


@given(value=st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=50))
def test_text_is_bound_as_it_is(value: str, bind: Bind) -> None:
    assert bind(value, "text") == Constant(value, "text", TypeFamily.TEXT)


def test_text_may_be_as_long_as_the_limit(bind: Bind) -> None:
    assert bind("ä" * 50, "text").value == "ä" * 50


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (5, "wrong_type"),
        (True, "wrong_type"),
        (b"abc", "wrong_type"),
        ("x" * 51, "value_too_long"),
        ("a\x00b", "nul_character"),
        ("a\ud800b", "invalid_unicode"),
        (None, "null_value"),
    ],
)
def test_text_that_cannot_be_stored_is_refused(value: Any, code: str, refuse: Refuse) -> None:
    assert refuse(value, "text").code == code


@pytest.mark.parametrize(
    ("data_type", "bound_as"),
    [
        ("character", "character"),
        ("name", "text"),
        ('"char"', "text"),
        ("character varying", "character varying"),
        ("public.citext", "public.citext"),
    ],
)
def test_text_is_bound_as_a_type_that_holds_all_of_it(
    data_type: str, bound_as: str, bind: Bind, bind_all: Bind
) -> None:
    assert bind("abc", data_type).data_type == bound_as
    assert bind_all(["abc"], data_type).data_type == f"{bound_as}[]"


@pytest.mark.parametrize("value", ["a%", r"100\%", "a\\\\", "_", ""])
def test_patterns_are_text(value: str) -> None:
    assert bind_pattern(value, limits=QueryLimits()) == Constant(value, "text", TypeFamily.TEXT)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\\", "invalid_pattern"),
        ("a\\\\\\", "invalid_pattern"),
        (5, "wrong_type"),
        (None, "null_value"),
        ("a\x00", "nul_character"),
    ],
)
def test_patterns_that_the_database_would_refuse_are_refused(value: Any, code: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        bind_pattern(value, limits=QueryLimits())
    assert caught.value.code == code


def test_a_label_is_bound_as_its_enum(bind: Bind) -> None:
    bound = bind("ok", "public.mood", labels=MOODS)
    assert bound == Constant("ok", "public.mood", TypeFamily.ENUM)


def test_an_unknown_label_is_answered_with_the_closest_one(refuse: Refuse) -> None:
    problem = refuse("hapy", "public.mood", labels=MOODS)
    assert problem.code == "unknown_label"
    assert problem.message == '"hapy" is not one of the labels of "public.mood".'
    assert problem.suggestion == 'Did you mean "happy"?'


def test_a_label_is_text(refuse: Refuse) -> None:
    assert refuse(1, "public.mood", labels=MOODS).code == "wrong_type"
    assert refuse("zzz", "public.mood", labels=MOODS).suggestion is None


def test_labels_of_a_list_are_not_searched_one_by_one(bind_all: Bind) -> None:
    class Searched(tuple[str, ...]):
        __slots__ = ()

        def __contains__(self, label: object) -> bool:
            raise AssertionError("an enum may have thousands of labels, and a query many lists")

    assert bind_all(["ok", "sad"], "public.mood", labels=Searched(MOODS)).value == ("ok", "sad")
