"""One limiter in a process of its own: some peers have threads that never rest.

For every line on standard input it decides about 100,000 clients, and answers with its decisions
per second of processor time, which others on the machine take less of.
"""

import gc
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bench.limiter_peers import Decide, limits_library, pyrate, throttled_py
from prismiq.domain.model.rate_limits import RateLimitConfig
from prismiq.entrypoints.rate_limiter import RateLimiter

OURS = "ours"
RIVALS: Mapping[str, Callable[[RateLimitConfig], Decide]] = {
    OURS: lambda config: RateLimiter(config).decide,
    "limits": limits_library,
    "pyrate-limiter": pyrate,
    "throttled-py": throttled_py,
}
CLIENTS = 100_000
_KNOWN_FOR = 12
"""Requests of every client before the first that counts: a log of them has to be looked into."""


class Rival:
    """A process that is halted while others have their turn."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._answer()  # it knows its clients

    def decisions_per_second(self) -> float:
        assert self._process.stdin
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        return float(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout
        answer = self._process.stdout.readline()
        self._process.send_signal(signal.SIGSTOP)
        return answer


@contextmanager
def running_rival(name: str) -> Iterator[Rival]:
    """Run a limiter; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.limiter_rival", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the thread of one peer complains about its own races
        text=True,
    )
    try:
        yield Rival(process)
    finally:
        process.kill()
        process.communicate()


def clients() -> list[str]:
    """Return their names, in an order that no cache of the processor likes."""
    names = [f"ip:10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(CLIENTS)]
    random.Random(7).shuffle(names)
    return names


def _main(name: str) -> None:
    decide, names = RIVALS[name](RateLimitConfig()), clients()
    for _ in range(_KNOWN_FOR):
        _pass(decide, names)
    print("ready", flush=True)
    for _ in sys.stdin:
        _pass(decide, names)  # idle clients were forgotten while others had their turn
        print(_pass(decide, names), flush=True)


def _pass(decide: Decide, names: list[str]) -> float:
    gc.collect()
    gc.disable()
    started = time.thread_time()
    for name in names:
        decide(name)
    elapsed = time.thread_time() - started
    gc.enable()
    return len(names) / elapsed


if __name__ == "__main__":
    _main(sys.argv[1])
