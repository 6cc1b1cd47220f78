"""What the benchmark says of what it measured."""

import pytest
from bench.verdict import Observation, Verdict


def verdict(
    ours: list[float], floor: list[float], target: float | None, *, at_least: bool = True
) -> Verdict:
    return Verdict.of(
        "hits",
        floor_name="bare",
        unit="requests/s",
        ours=ours,
        floor=floor,
        target=target,
        at_least=at_least,
    )


def test_a_round_in_which_only_one_was_disturbed_spoils_one_ratio() -> None:
    row = verdict([50, 5, 40], [100, 100, 80], 0.5)
    assert (row.ours, row.floor) == (40, 100)
    assert row.ratio == 0.5
    assert row.holds


def test_a_rate_must_reach_its_share_of_the_floor() -> None:
    assert verdict([49], [100], 0.5).holds is False
    assert verdict([50], [100], 0.5).wanted == "≥ 0.5"


def test_a_time_must_not_exceed_its_multiple_of_the_floor() -> None:
    assert verdict([12.1], [10], 1.2, at_least=False).holds is False
    assert verdict([12], [10], 1.2, at_least=False).holds is True
    assert verdict([12], [10], 1.2, at_least=False).wanted == "≤ 1.2"


def test_rounds_are_compared_in_pairs() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        verdict([1, 2], [1], 1)


def test_a_row_without_a_target_informs() -> None:
    assert verdict([1], [100], None).holds is None
    assert verdict([1], [100], None).wanted == ""
    assert Observation("seen", unit="times", ours=3, target=None).holds is None


def test_a_count_is_judged_by_itself() -> None:
    assert Observation("statements", unit="SQL", ours=3, target=3).holds is True
    assert Observation("statements", unit="SQL", ours=4, target=3).holds is False
    assert Observation("share", unit="of all", ours=0.98, target=0.99, at_least=True).holds is False


@pytest.mark.parametrize("seen", [True, False])
def test_what_was_seen_must_be_what_is_wanted(seen: bool) -> None:
    row = Observation("old answer served", unit="yes or no", ours=seen, target=False)
    assert row.holds is not seen
    assert row.wanted == "no"
