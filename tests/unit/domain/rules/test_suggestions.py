"""What was probably meant."""

from difflib import SequenceMatcher
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.suggestions import closest

COLUMNS = ["dep_delay", "arr_delay", "carrier", "Origin"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dep_dely", "dep_delay"),
        ("carier", "carrier"),
        ("ORIGIN", "Origin"),
        ("origin", "Origin"),
        ("tailnum", None),
        ("", None),
    ],
)
def test_the_likest_name_is_suggested(name: str, meant: str | None) -> None:
    assert closest(name, COLUMNS) == meant


def test_a_name_in_another_case_is_preferred_to_a_similar_one() -> None:
    assert closest("ORIGIN", ["origins", "OrIgIn"]) == "OrIgIn"


def test_a_name_among_very_many_is_found() -> None:
    candidates = [f"unrelated_{number}" for number in range(5_000)] + ["customer_id"]
    assert closest("custmer_id", candidates) == "customer_id"


def test_there_is_nothing_to_suggest_where_there_are_no_names() -> None:
    assert closest("carrier", []) is None


@given(st.text(max_size=200), st.lists(st.text(max_size=80), max_size=20))
def test_only_candidates_are_suggested(name: str, candidates: list[str]) -> None:
    assert closest(name, candidates) in {None, *candidates}


def test_names_made_up_to_be_hard_to_compare_are_not_all_aligned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aligned = []
    ratio = SequenceMatcher.ratio

    def counted(matcher: SequenceMatcher[str]) -> float:
        aligned.append(matcher)
        return ratio(matcher)

    monkeypatch.setattr(SequenceMatcher, "ratio", counted)
    letters = Random(1)
    names = ["".join(letters.choices("ab", k=140)) for _ in range(300)]
    closest("ab" * 32, names)
    assert 0 < len(aligned) <= 5
