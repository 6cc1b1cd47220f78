"""The accesses for which hit ratios are compared."""

from collections import Counter

from bench.cache.accesses import POPULAR, accesses


def test_they_are_the_same_each_time() -> None:
    assert accesses() == accesses()


def test_scans_come_once_and_popular_keys_again() -> None:
    times = Counter(accesses())
    scanned = {key for key in times if key.startswith("scan:")}
    assert len(scanned) == 60_000
    assert all(times[key] == 1 for key in scanned)
    assert sum(number for key, number in times.items() if key not in scanned) == POPULAR


def test_popular_keys_follow_the_law() -> None:
    """With an exponent of 0.9, the first is asked for 10 ** 0.9 times as often as the tenth."""
    times = Counter(accesses())
    assert 7 < times["popular:0"] / times["popular:9"] < 9
