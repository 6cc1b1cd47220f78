"""Workers that count in one directory, under numbers that are used again.

The client library keeps the numbers of each process in files, named by process id, that stay when
it has gone: counters of the dead count on. Over many restarts that would be ever more files to
keep and to read. Here a file belongs to a slot, and a worker takes the first slot that is free. So
it counts on where a dead one stopped, and there are never more files than workers at a time.

Not for Windows, as all of ``prismiq serve --workers``.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from prometheus_client import Metric, values
from prometheus_client.registry import Collector

from prismiq.adapters.prometheus.metrics import Metrics, added_up


class WorkerSlots(Collector):
    """Gives this process a slot; collects from all slots.

    A slot is taken by locking its file. The system unlocks it when the process ends, however it
    ends.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._owner = 0
        self._slot = -1
        self._lock = -1

    def slot(self) -> int:
        """Return the number of this process, which it keeps; a forked one gets its own."""
        if self._owner != os.getpid():
            self._take_one()
        return self._slot

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of all workers, added up; gauges only of those who live."""
        self._forget_gauges_of_the_dead()
        yield from added_up(self._directory)

    def _take_one(self) -> None:
        for number in count():
            lock = self._locked(number)
            if lock is not None:
                self._owner, self._slot, self._lock = os.getpid(), number, lock
                self._drop_gauges(number)
                return

    def _locked(self, number: int) -> int | None:
        file = os.open(self._directory / f"slot_{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file

    def _forget_gauges_of_the_dead(self) -> None:
        for path in self._directory.glob("slot_*.lock"):
            number = int(path.stem.removeprefix("slot_"))
            lock = self._locked(number)
            if lock is not None:  # so nobody has it, and nobody takes it just now
                self._drop_gauges(number)
                os.close(lock)

    def _drop_gauges(self, number: int) -> None:
        for path in self._directory.glob(f"gauge_live*_{number}.db"):
            with suppress(FileNotFoundError):
                path.unlink()


def count_in_slots(metrics: Metrics, directory: Path) -> None:
    """Keep what this process counts in a slot of the directory, and show what all count.

    To be called before the first number is counted. ``PROMETHEUS_MULTIPROC_DIR`` must name the
    directory since before this process began.
    """
    slots = WorkerSlots(directory)
    values.ValueClass = values.MultiProcessValue(slots.slot)  # type: ignore[no-untyped-call]
    metrics.collect_from(slots)
