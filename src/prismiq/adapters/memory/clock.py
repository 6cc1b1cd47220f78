"""Time for those who construct an adapter by hand and have no clock to give."""

import time
from datetime import UTC, datetime

from prismiq.ports.clock import Clock


class ProcessClock(Clock):
    """The operating system's clocks. Adapters do not share one, since none imports another."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
