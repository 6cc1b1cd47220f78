"""The real time."""

import time
from datetime import UTC, datetime

from prismiq.ports.clock import Clock


class SystemClock(Clock):
    """The operating system's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    # Asked for every request: no step in between.
    unix_seconds = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    monotonic_ns = staticmethod(time.monotonic_ns)
