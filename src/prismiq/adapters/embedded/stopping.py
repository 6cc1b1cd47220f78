"""Ending a server: politely, then less so, never without a bound."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from prismiq.adapters.embedded.locks import is_locked
from prismiq.domain.model.errors import DatabaseUnavailableError

_POLL_INTERVAL = 0.02

_STEPS = (
    (signal.SIGINT, 20.0),  # fast shutdown: sessions are ended, files are left clean
    (signal.SIGQUIT, 10.0),  # immediate shutdown: the next start recovers from the log
    (signal.SIGKILL, 10.0),
)


def stop_child(process: subprocess.Popen[bytes]) -> None:
    """End a server that this process started, and reap it."""
    for step, patience in _STEPS:
        process.send_signal(step)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def stop_leftover(lock: Path) -> None:
    """End the server, if there is one, whose starter was killed.

    Server processes hold ``lock`` as long as they live, and it contains the first one's process
    id; so the id is never that of a stranger. Without an id (the starter died while making the
    files) it waits.

    Raises:
        DatabaseUnavailableError: the server does not end.
    """
    for step, patience in _STEPS:
        if not is_locked(lock):
            return
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(lock.read_text()), step)
        if _is_free_within(lock, patience):
            return
    raise DatabaseUnavailableError(
        f"A database server from an earlier run does not stop: end what holds {lock}."
    )


def _is_free_within(lock: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_locked(lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_INTERVAL)
    return True
