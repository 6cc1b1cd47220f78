"""From a URL to a Redis client: one server, Sentinel or Cluster; TCP, TLS or a Unix socket."""

import re
from typing import Any, TypeAlias
from urllib.parse import unquote

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import ConnectionPool, SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from prismiq.domain.model.errors import ConfigurationError

RedisClient: TypeAlias = Redis | RedisCluster

_SEVERAL_HOSTS = re.compile(
    r"(?P<scheme>rediss?)\+(?P<kind>sentinel|cluster)://"
    r"(?:(?P<login>[^/?#]*)@)?(?P<hosts>[^/?#@]+)(?:/(?P<path>[^?#]*))?(?:\?(?P<query>[^#]*))?"
)
_HOST = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_SENTINEL_LOGIN = {"sentinel_username": "username", "sentinel_password": "password"}


def client_for(redis_url: str, *, connect_timeout: float, max_connections: int) -> RedisClient:
    """Return a client that has not connected yet and leaves deadlines to its user.

    ::

        redis://user:password@host:6379/0       rediss://… with TLS
        unix:///run/redis.sock?db=0&password=…
        redis+sentinel://user:password@host:26379,host:26379/service/0
        redis+cluster://user:password@host:7000,host:7001

    Query parameters are those of redis-py, such as ``ssl_ca_certs``; ``sentinel_username`` and
    ``sentinel_password`` are for the sentinels themselves.

    Raises:
        ConfigurationError: the URL is not valid. The message does not repeat it.
    """
    ours = _options(connect_timeout, max_connections)
    try:
        match = _SEVERAL_HOSTS.fullmatch(redis_url)
        if match is None:
            return _single(redis_url, ours)
        build = _sentinel if match["kind"] == "sentinel" else _cluster
        return build(match, ours)
    except (TypeError, ValueError, OSError, RedisError, RedisClusterException):
        # Nothing of it is shown: the driver quotes parts of the URL, which may be the password.
        raise ConfigurationError(
            "The Redis URL is not valid. It looks like redis://:password@host:6379/0;"
            " special characters in the password are percent-encoded."
        ) from None


def _options(connect_timeout: float, max_connections: int) -> dict[str, Any]:
    """What a URL cannot change.

    The driver's own retries would multiply our deadlines. Its socket timeout goes through
    ``asyncio.wait_for``, which on Python 3.11 can swallow the cancellation that ends a deadline.
    """
    return {
        "socket_timeout": None,
        "socket_connect_timeout": connect_timeout,
        "max_connections": max_connections,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_timeout": False,
        "decode_responses": False,
        "protocol": 2,
        "driver_info": None,
    }


def _single(redis_url: str, ours: dict[str, Any]) -> Redis:
    pool = ConnectionPool(**{**parse_url(redis_url), **ours})
    pool.make_connection()  # type: ignore[no-untyped-call] # refuses unknown parameters
    return Redis.from_pool(pool)


def _sentinel(match: re.Match[str], ours: dict[str, Any]) -> Redis:
    service, _, database = unquote(match["path"] or "").partition("/")
    if not service:
        raise ValueError("no service")
    theirs = _shared_options(match, database)
    login = {ours: theirs.pop(name) for name, ours in _SENTINEL_LOGIN.items() if name in theirs}
    tls = {name: value for name, value in theirs.items() if name.startswith("ssl")}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        _hosts(match, 26379),
        sentinel_kwargs={
            "socket_timeout": ours["socket_connect_timeout"],
            "socket_connect_timeout": ours["socket_connect_timeout"],
            "retry": ours["retry"],
            **login,
            **tls,
        },
    )
    client: Redis = sentinel.master_for(service, **{**theirs, **ours})
    client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
    return client


def _cluster(match: re.Match[str], ours: dict[str, Any]) -> RedisCluster:
    if match["path"]:
        raise ValueError("a cluster has one database")
    nodes = [ClusterNode(host, port) for host, port in _hosts(match, 6379)]
    options = {**_shared_options(match, ""), **ours}
    del options["retry_on_timeout"]
    return RedisCluster(startup_nodes=nodes, **options)


def _shared_options(match: re.Match[str], database: str) -> dict[str, Any]:
    """Read login, database and parameters, as they are the same for every host."""
    login = f"{match['login']}@" if match["login"] is not None else ""
    url = f"{match['scheme']}://{login}host/{database}?{match['query'] or ''}"
    options: dict[str, Any] = dict(parse_url(url))
    if database and options.get("db") != int(database):
        raise ValueError("the database is a number")
    del options["host"]
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    return options


def _hosts(match: re.Match[str], default_port: int) -> list[tuple[str, int]]:
    hosts = []
    for text in match["hosts"].split(","):
        host = _HOST.fullmatch(text)
        if host is None or int(host["port"] or 0) > 65535:
            raise ValueError("not a host")
        hosts.append((host["host"].strip("[]"), int(host["port"] or default_port)))
    return hosts
