from typing import Any

from prismiq.adapters.system.clock import SystemClock


def test_both_forms_of_the_moment_agree(clock: Any) -> None:
    system = SystemClock()
    before, seconds, after = system.now(), system.unix_seconds(), system.now()
    assert before.timestamp() - 1e-6 <= seconds <= after.timestamp() + 1e-6
    assert clock.unix_seconds() == clock.now().timestamp()


def test_both_forms_of_monotonic_time_agree(clock: Any) -> None:
    system = SystemClock()
    before, nanoseconds, after = system.monotonic(), system.monotonic_ns(), system.monotonic()
    assert before - 1e-6 <= nanoseconds / 1e9 <= after + 1e-6
    assert clock.monotonic_ns() == clock.monotonic() * 1e9
