from math import exp, inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.freshness import Freshness, freshness, is_surely_fresh, jittered

KEPT: dict[str, Any] = {
    "soft_expiry": 100.0,
    "hard_expiry": 200.0,
    "max_stale": 50.0,
    "compute_seconds": 2.0,
    "beta": 1.0,
    "chance": 1.0,
}
ORDER = list(Freshness)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (0.0, Freshness.FRESH),
        (99.999, Freshness.FRESH),
        (100.0, Freshness.STALE_REFRESH),
        (199.999, Freshness.STALE_REFRESH),
        (200.0, Freshness.STALE_IF_ERROR),
        (249.999, Freshness.STALE_IF_ERROR),
        (250.0, Freshness.DEAD),
    ],
)
def test_answers_age(now: float, expected: Freshness) -> None:
    assert freshness(**KEPT, now=now) is expected


def test_slow_answers_are_renewed_earlier() -> None:
    early = KEPT | {"chance": exp(-1.0)}  # the head start is then compute_seconds * beta
    assert freshness(**early, now=97.9) is Freshness.FRESH
    assert freshness(**early, now=98.1) is Freshness.REFRESH_EARLY
    slow = early | {"compute_seconds": 20.0}
    assert freshness(**slow, now=80.1) is Freshness.REFRESH_EARLY
    assert freshness(**(slow | {"beta": 0.5}), now=80.1) is Freshness.FRESH


def test_beta_0_never_renews_early() -> None:
    never = KEPT | {"beta": 0.0, "chance": 1e-300}
    assert freshness(**never, now=99.999) is Freshness.FRESH


def test_what_never_expires_is_fresh() -> None:
    forever = KEPT | {"soft_expiry": inf, "hard_expiry": inf, "chance": 1e-300}
    assert freshness(**forever, now=1e18) is Freshness.FRESH


def test_without_max_stale_an_expired_answer_is_dead() -> None:
    assert freshness(**(KEPT | {"max_stale": 0.0}), now=200.0) is Freshness.DEAD


@pytest.mark.parametrize("change", [{"chance": 0.0}, {"chance": 1.1}, {"beta": -1.0}])
def test_nonsense_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="chance"):
        freshness(**(KEPT | change), now=0.0)


@given(
    st.floats(0, 300),
    st.floats(0, 300),
    st.floats(0, 1, exclude_min=True),
    st.floats(0, 1, exclude_min=True),
)
def test_nothing_becomes_better_with_time_or_with_a_smaller_chance(
    one: float, other: float, chance: float, other_chance: float
) -> None:
    sooner, later = sorted((one, other))
    smaller, larger = sorted((chance, other_chance))
    better = freshness(**(KEPT | {"chance": larger}), now=sooner)
    worse = freshness(**(KEPT | {"chance": smaller}), now=later)
    assert ORDER.index(better) <= ORDER.index(worse)


def test_the_share_of_early_renewals_is_that_of_the_paper() -> None:
    draws = 10_000
    early = sum(
        freshness(**(KEPT | {"chance": (draw + 1) / draws}), now=98.0) is Freshness.REFRESH_EARLY
        for draw in range(draws)
    )
    assert early / draws == pytest.approx(exp(-1.0), abs=1 / draws)


@given(st.floats(0, 1e9), st.floats(0, 1), st.floats(0, 0.99))
def test_jitter_only_shortens(ttl: float, chance: float, share: float) -> None:
    assert ttl * (1 - share) * 0.999 <= jittered(ttl, chance, share) <= ttl


def test_jitter_spreads_evenly_and_leaves_the_endless_alone() -> None:
    assert [jittered(100.0, chance) for chance in (0.0, 0.5, 1.0)] == [100.0, 95.0, 90.0]
    assert jittered(inf, 0.7) == inf


@given(st.floats(-100, 300), st.floats(0, 10), st.floats(0, 2), st.integers(1, 2**53))
def test_what_is_surely_fresh_is_fresh_with_every_draw(
    now: float, compute_seconds: float, beta: float, draw: int
) -> None:
    kept = {"soft_expiry": 100.0, "compute_seconds": compute_seconds, "beta": beta}
    if is_surely_fresh(now=now, **kept):
        assert freshness(**(KEPT | kept | {"chance": draw / 2**53}), now=now) is Freshness.FRESH


def test_an_answer_far_from_its_expiry_is_surely_fresh() -> None:
    assert is_surely_fresh(now=25.0, soft_expiry=100.0, compute_seconds=2.0, beta=1.0)
    assert not is_surely_fresh(now=27.0, soft_expiry=100.0, compute_seconds=2.0, beta=1.0)
