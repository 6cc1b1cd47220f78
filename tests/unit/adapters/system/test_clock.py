from typing import Any

from prismiq.adapters.system.clock import SystemClock


def test_both_forms_of_the_moment_agree(clock: Any) -> None:
    system = SystemClock()
    before, seconds, after = system.now(), system.unix_seconds(), system.now()
    assert before.timestamp() - 1e-6 <= seconds <= after.timestamp() + 1e-6
    assert clock.unix_seconds() == clock.now().timestamp()
