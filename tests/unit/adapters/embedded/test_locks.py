"""Locks that end with the last process that holds them."""

import subprocess
import sys
from pathlib import Path

from prismiq.adapters.embedded.locks import is_locked, try_lock


def test_only_one_holds_a_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with try_lock(lock) as first, try_lock(lock) as second:
        assert first is not None
        assert second is None
    assert not is_locked(lock)


def test_a_child_that_inherits_a_lock_keeps_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with try_lock(lock) as descriptor:
        assert descriptor is not None
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[descriptor]
        )
    assert is_locked(lock)
    child.communicate(b"\n")
    assert not is_locked(lock)


def test_a_child_that_does_not_inherit_it_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with try_lock(lock):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert not is_locked(lock)
    child.communicate(b"\n")
