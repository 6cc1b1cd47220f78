"""Several processes count in one directory: their numbers add up, also of those who died."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prismiq.adapters.prometheus.worker_slots import WorkerSlots

WORKER = """
import os, sys
from pathlib import Path
from prismiq.adapters.prometheus.metrics_sink import PrometheusMetricsSink
from prismiq.adapters.prometheus.recording import metrics
from prismiq.adapters.prometheus.worker_slots import count_in_slots
from prismiq.domain.model.observations import PoolUsage, QueryOutcome

count_in_slots(metrics, Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
sink = PrometheusMetricsSink(metrics)
sink.pool_measured(PoolUsage(size=4, idle=1, waiting=0, max_size=10))
sink.change_feed_changed(connected=len(sys.argv) == 1)
sink.request_started("GET", "/api/tables")
for _ in range(10):
    sink.query_finished(QueryOutcome.SUCCESS, 0.02)
print("counted", flush=True)
for line in sys.stdin:
    print(metrics.format_prometheus() if line == "show\\n" else "", "END", flush=True)
"""

StartWorker = Callable[..., "Worker"]


class Worker:
    """A process that has counted ten queries, and says what it sees."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments],
            env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "counted\n"

    def show(self) -> list[str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("show\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.endswith("END\n"):
                break
            lines.append(line.rstrip("\n"))
        return lines

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> None:
        self.process.communicate(timeout=30)


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    started: list[Worker] = []

    def start(*arguments: str) -> Worker:
        started.append(Worker(tmp_path, *arguments))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()


def test_counters_and_histograms_of_all_workers_add_up(start_worker: StartWorker) -> None:
    workers = [start_worker() for _ in range(3)]
    shown = workers[0].show()
    assert shown == workers[1].show() == workers[2].show()
    assert 'prismiq_queries_total{status="success"} 30.0' in shown
    assert 'prismiq_query_duration_ms_bucket{le="25.0"} 30.0' in shown
    assert "prismiq_query_duration_ms_count 30.0" in shown
    assert "prismiq_active_connections 12.0" in shown
    assert "prismiq_workers 3.0" in shown
    assert 'prismiq_build_info{version="0.1.0"} 1.0' in shown


def test_the_dead_count_on_but_hold_nothing_any_more(start_worker: StartWorker) -> None:
    survivor, victim = start_worker(), start_worker()
    victim.kill()
    shown = survivor.show()
    assert 'prismiq_queries_total{status="success"} 20.0' in shown
    assert "prismiq_query_duration_ms_count 20.0" in shown
    assert "prismiq_active_connections 4.0" in shown
    assert 'prismiq_requests_in_flight{endpoint="/api/tables",method="GET"} 1.0' in shown
    assert "prismiq_workers 1.0" in shown


def test_a_gauge_that_all_must_agree_on(start_worker: StartWorker) -> None:
    first = start_worker()
    assert "prismiq_change_feed_connected 1.0" in first.show()
    second = start_worker("without a feed")
    assert "prismiq_change_feed_connected 0.0" in first.show()
    second.kill()
    assert "prismiq_change_feed_connected 1.0" in first.show()


def test_restarts_count_on_and_leave_no_files_behind(
    start_worker: StartWorker, tmp_path: Path
) -> None:
    survivor = start_worker()
    start_worker().kill()
    files = sorted(path.name for path in tmp_path.iterdir())
    for _ in range(4):
        start_worker().kill()
    last = start_worker()
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    shown = last.show()
    assert shown == survivor.show()
    assert 'prismiq_queries_total{status="success"} 70.0' in shown
    assert "prismiq_active_connections 8.0" in shown
    assert "prismiq_workers 2.0" in shown


def test_a_file_that_was_made_just_now_disturbs_nobody(
    start_worker: StartWorker, tmp_path: Path
) -> None:
    worker = start_worker()
    (tmp_path / "counter_1.db").touch()
    (tmp_path / "gauge_livesum_1.db").write_bytes(bytes(65_536))
    assert 'prismiq_queries_total{status="success"} 10.0' in worker.show()


def test_a_forked_process_gets_a_slot_of_its_own(tmp_path: Path) -> None:
    slots = WorkerSlots(tmp_path)
    assert [slots.slot(), slots.slot()] == [0, 0]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(slots.slot()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"1"
    os.close(reading)
    os.close(writing)


def test_nobody_takes_a_slot_that_is_held(tmp_path: Path) -> None:
    first, second = WorkerSlots(tmp_path), WorkerSlots(tmp_path)
    assert (first.slot(), second.slot()) == (0, 1)
