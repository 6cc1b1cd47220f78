from typing import Any

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection
from redis.asyncio.sentinel import (
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from prismiq.adapters.redis.clients import RedisClient, client_for
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.domain.model.errors import ConfigurationError

MALFORMED = [
    "",
    "localhost:6379",
    "http://localhost",
    "redis://:S3cr/et@localhost/0",
    "redis://localhost:S3cret",
    "redis://localhost/0?socket_timeout=S3cret",
    "redis://localhost/0?S3cret=1",
    "redis+sentinel://:S3cret@localhost",
    "redis+sentinel://:S3cret@localhost/",
    "redis+sentinel://localhost/service/S3cret",
    "redis+sentinel://localhost/service?S3cret=1",
    "redis+sentinel://a,,b/service",
    "redis+cluster://",
    "redis+cluster://:S3cret@localhost:99999",
    "redis+cluster://:S3cret@localhost:7000/1",
    "redis+cluster://localhost:7000?db=1",
    "redis+cluster://localhost:7000?S3cret=1",
    "redis+other://localhost",
]


def client(url: str) -> RedisClient:
    return client_for(url, connect_timeout=1.0, max_connections=40)


def kwargs(url: str) -> dict[str, Any]:
    made = client(url)
    assert isinstance(made, Redis)
    return made.connection_pool.connection_kwargs


def test_a_server_over_tcp() -> None:
    made = kwargs("redis://user:p%40ss%2Fword@example.org:6380/3")
    assert (made["host"], made["port"], made["db"]) == ("example.org", 6380, 3)
    assert (made["username"], made["password"]) == ("user", "p@ss/word")


def test_a_server_over_tls() -> None:
    made = client("rediss://example.org?ssl_cert_reqs=none")
    assert made.connection_pool.connection_class is SSLConnection  # type: ignore[union-attr]


def test_a_server_over_a_unix_socket() -> None:
    made = client("unix:///run/redis.sock?db=2")
    pool = made.connection_pool  # type: ignore[union-attr]
    assert pool.connection_class is UnixDomainSocketConnection
    assert (pool.connection_kwargs["path"], pool.connection_kwargs["db"]) == ("/run/redis.sock", 2)


@pytest.mark.parametrize(
    ("scheme", "connection"),
    [("redis", SentinelManagedConnection), ("rediss", SentinelManagedSSLConnection)],
)
async def test_sentinels(scheme: str, connection: type) -> None:
    made = client(
        f"{scheme}+sentinel://user:p%40ss@one:26380,[::1],three/main/5?sentinel_password=theirs"
    )
    assert isinstance(made, Redis)
    pool = made.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert (pool.service_name, pool.connection_class) == ("main", connection)
    assert pool.connection_kwargs["db"] == 5
    assert (pool.connection_kwargs["username"], pool.connection_kwargs["password"]) == (
        "user",
        "p@ss",
    )
    sentinels = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"]) for each in sentinels] == [
        ("one", 26380),
        ("::1", 26379),
        ("three", 26379),
    ]
    assert {each["password"] for each in sentinels} == {"theirs"}
    assert {each["username"] for each in sentinels} == {None}


@pytest.mark.parametrize(("scheme", "tls"), [("redis", False), ("rediss", True)])
async def test_a_cluster(scheme: str, *, tls: bool) -> None:
    made = client(f"{scheme}+cluster://user:secret@10.0.0.1:7000,[::1]:7001,10.0.0.3")
    assert isinstance(made, RedisCluster)
    nodes = [(node.host, node.port) for node in made.startup_nodes]
    assert nodes == [("10.0.0.1", 7000), ("::1", 7001), ("10.0.0.3", 6379)]
    assert (made.connection_kwargs["username"], made.connection_kwargs["password"]) == (
        "user",
        "secret",
    )
    assert (made.connection_kwargs["connection_class"] is SSLConnection) is tls


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost/0?socket_timeout=60&socket_connect_timeout=60&retry_on_timeout=yes",
        "unix:///run/redis.sock?socket_timeout=60&decode_responses=true&protocol=3",
        "redis+sentinel://localhost/main?socket_timeout=60&decode_responses=true",
    ],
)
def test_a_url_cannot_loosen_the_deadlines_or_change_the_types(url: str) -> None:
    made = kwargs(url)
    assert made["socket_timeout"] is None
    assert made["socket_connect_timeout"] == 1.0
    assert made["retry"].get_retries() == 0
    assert made["retry_on_timeout"] is False
    assert made["decode_responses"] is False
    assert made["protocol"] == 2


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisConnection.to(url)
    assert "Redis URL" in caught.value.message
    assert "S3cr" not in caught.value.message
    assert caught.value.__suppress_context__
