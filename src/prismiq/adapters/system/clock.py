"""The real time."""

import time
from datetime import UTC, datetime

from prismiq.ports.clock import Clock


class SystemClock(Clock):
    """The operating system's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    monotonic = staticmethod(time.monotonic)  # asked for every request: no step in between
