"""A Redis Cluster of three masters, and connections to each kind of Redis."""

import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from redis import Redis as Client
from tests.contracts.redis_time import pass_time_in
from tests.integration.conftest import RedisServer, StartRedis, running_redis

from prismiq.adapters.redis.connection import RedisConnection

FreePort: TypeAlias = Callable[[], int]

_SLOTS = 16384
_BUS_OFFSET = 10_000
_prefixes = count(1)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="session")
def free_port() -> FreePort:
    """Find a port of the loopback interface that is free, and so is the Cluster's bus port."""

    def find() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            port = port - _BUS_OFFSET if port + _BUS_OFFSET > 65535 else port
            if _is_free(port) and _is_free(port + _BUS_OFFSET):
                return port

    return find


@dataclass(frozen=True)
class RedisCluster:
    """Three masters that share the slots."""

    url: str
    processes: list["subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def cluster(free_port: FreePort) -> Iterator[RedisCluster]:
    """The Cluster that all tests share."""
    with ExitStack() as running:
        ports, processes = [], []
        for _ in range(3):
            port = free_port()
            options = f"--port {port} --bind 127.0.0.1 --cluster-enabled yes".split()
            processes.append(running.enter_context(running_redis(*options)).process)
            ports.append(port)
        nodes = [running.enter_context(Client(port=port, decode_responses=True)) for port in ports]
        _form_cluster(nodes, ports)
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        yield RedisCluster(f"redis+cluster://{hosts}", processes)


@pytest.fixture(scope="session")
def cluster_url(cluster: RedisCluster) -> str:
    """The Cluster's address."""
    return cluster.url


def _form_cluster(nodes: list[Any], ports: list[int]) -> None:
    share = _SLOTS // len(nodes) + 1
    for number, node in enumerate(nodes):
        first = number * share
        node.execute_command("CLUSTER ADDSLOTS", *range(first, min(first + share, _SLOTS)))
        node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
    for port in ports[1:]:
        nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", port)
    for node in nodes:
        while not _sees_all(node, len(nodes)):
            node.execute_command("WAIT", 1, 20)  # the server's own pause: no replica will answer


def _sees_all(node: Any, number: int) -> bool:
    state = node.execute_command("CLUSTER INFO")
    facts = (
        state if isinstance(state, dict) else dict(line.split(":") for line in str(state).split())
    )
    return facts["cluster_state"] == "ok" and int(facts["cluster_known_nodes"]) == number


@pytest.fixture(params=["server", "cluster"])
def any_redis_url(request: pytest.FixtureRequest) -> str:
    """The address of one server, then that of a Cluster."""
    fixture = {"server": "redis_url", "cluster": "cluster_url"}[request.param]
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def prefix() -> str:
    """A prefix that no other test uses."""
    return f"test{next(_prefixes)}:"


async def _connected(url: str) -> AsyncIterator[RedisConnection]:
    # A deadline for tests on busy machines; those about deadlines make their own connections.
    connection = RedisConnection.to(url, deadline=2.0, connect_timeout=5.0)
    await connection.connect()
    yield connection
    await connection.disconnect()


@pytest.fixture
async def connection(any_redis_url: str) -> AsyncIterator[RedisConnection]:
    """One process's connection."""
    async for connection in _connected(any_redis_url):
        yield connection


@pytest.fixture
async def elsewhere_connection(any_redis_url: str) -> AsyncIterator[RedisConnection]:
    """Another process's connection to the same Redis."""
    async for connection in _connected(any_redis_url):
        yield connection


@pytest.fixture
def pass_time(connection: RedisConnection) -> Callable[[float], Awaitable[None]]:
    return pass_time_in(connection.client)


class Redis:
    """A server that can be stopped and started again at the same address."""

    def __init__(self, start: StartRedis, port: int, directory: Path) -> None:
        self._start = start
        self._options = f"--port {port} --bind 127.0.0.1 --dir {directory}".split()
        self.url = f"redis://127.0.0.1:{port}"
        self.server: RedisServer = start(*self._options)

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()

    def restart(self) -> None:
        self.server = self._start(*self._options)

    def frozen(self) -> AbstractContextManager[None]:
        return frozen(self.server.process)


@contextmanager
def frozen(process: "subprocess.Popen[str]") -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.fixture
def redis(start_redis: StartRedis, free_port: FreePort, server_dir: Path) -> Redis:
    return Redis(start_redis, free_port(), server_dir)
