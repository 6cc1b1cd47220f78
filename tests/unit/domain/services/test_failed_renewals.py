from typing import Any

from prismiq.domain.services.failed_renewals import FailedRenewals


def test_a_pause_is_over_after_its_time_and_begins_anew_with_every_failure(clock: Any) -> None:
    failed = FailedRenewals(clock, seconds=1.0)
    assert "a" not in failed
    failed.add("a")
    clock.advance(0.9)
    assert "a" in failed
    assert "b" not in failed
    failed.add("a")
    clock.advance(0.9)
    assert "a" in failed
    clock.advance(0.1)
    assert "a" not in failed
    assert len(failed) == 0


def test_what_is_remembered_is_bounded_and_the_oldest_leaves(clock: Any) -> None:
    failed = FailedRenewals(clock, max_names=10)
    for number in range(15):
        failed.add(str(number))
        failed.add("0")
    assert len(failed) == 10
    assert "0" in failed
    assert "5" not in failed
    assert "14" in failed
