"""Processor time of other processes."""

import os
import time

import pytest
from bench.processor import processor_seconds


def test_work_counts_and_waiting_does_not() -> None:
    before, of_this_process = processor_seconds(os.getpid()), time.process_time()
    while time.process_time() < of_this_process + 0.1:
        pass
    used = processor_seconds(os.getpid()) - before
    assert used == pytest.approx(time.process_time() - of_this_process, abs=0.05)


def test_several_processes_add_up() -> None:
    one = processor_seconds(os.getpid())
    assert processor_seconds(os.getpid(), os.getpid()) == pytest.approx(2 * one, abs=0.05)
