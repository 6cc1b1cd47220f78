"""Caches beside ours, each as its documentation shows it, over the same uncached engine.

A peer's key is the query's JSON, the usual choice, and its value the finished body in bytes,
which costs it nothing to encode. All of them speak to Redis over the same socket.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple

import aiocache
import cashews
from cashews.backends.redis import Redis as CashewsRedis
from cashews.backends.redis.client_side import BcastClientSide
from cashews.picklers import PicklerType
from cashews.wrapper import register_backend
from fastapi_cache import Coder, FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.backends.redis import RedisBackend
from fastapi_cache.decorator import cache as fastapi_cache_decorator
from redis.asyncio import Redis

from bench.cache.redis_only import PATIENCE
from prismiq.adapters.memory.cache import InMemoryCache
from prismiq.adapters.redis.cache import RedisCache
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.domain.model.query import QueryDefinition
from prismiq.entrypoints.engine import PrismiqEngine

Ask = Callable[[QueryDefinition], Awaitable[bytes]]

_TTL = 3600
_TAG = "flights"


class Kept(NamedTuple):
    """A cache around something that computes."""

    ask: Ask
    invalidate: Callable[[], Awaitable[object]]
    """Makes all answers about flights invalid, by the means that the cache has for that."""


Opened = Callable[[str, Ask, str | None], AbstractAsyncContextManager[Kept]]
"""Opens a cache: the database's address, what computes, and Redis's address or None."""


@asynccontextmanager
async def ours(dsn: str, _compute: Ask, redis_url: str | None) -> AsyncIterator[Kept]:
    """The engine, which also checks every query; with Redis it has memory in front of it."""
    connection = None if redis_url is None else RedisConnection.to(redis_url, deadline=PATIENCE)
    cache = InMemoryCache() if connection is None else RedisCache(connection)
    async with PrismiqEngine(dsn, cache=cache, cache_ttl=_TTL, slow_query_ms=60_000) as engine:
        yield Kept(engine.execute_json, lambda: engine.invalidate_cache("flights"))
    if connection is not None:
        await connection.disconnect()


@asynccontextmanager
async def with_cashews(_dsn: str, compute: Ask, redis_url: str | None) -> AsyncIterator[Kept]:
    """Without its lock, which every hit would have to take as well."""
    register_backend("unix", CashewsRedis, pass_uri=True, pickler=PicklerType.DEFAULT)
    async with _cashews(compute, redis_url or "mem://?size=100000", lock=False) as kept:
        yield kept


@asynccontextmanager
async def with_cashews_lock(_dsn: str, compute: Ask, redis_url: str | None) -> AsyncIterator[Kept]:
    """With its lock, as it advises against stampedes."""
    register_backend("unix", CashewsRedis, pass_uri=True, pickler=PicklerType.DEFAULT)
    async with _cashews(compute, redis_url or "mem://?size=100000", lock=True) as kept:
        yield kept


@asynccontextmanager
async def with_cashews_copies(
    _dsn: str, compute: Ask, redis_url: str | None
) -> AsyncIterator[Kept]:
    """With copies in this process, kept in step by Redis's client-side caching."""
    register_backend("unix", BcastClientSide, pass_uri=True, pickler=PicklerType.DEFAULT)
    async with _cashews(compute, str(redis_url), lock=False) as kept:
        yield kept


@asynccontextmanager
async def _cashews(compute: Ask, url: str, *, lock: bool) -> AsyncIterator[Kept]:
    cache = cashews.Cache()
    cache.setup(url)
    await cache.init()

    async def answer(query_json: str, query: QueryDefinition) -> bytes:  # noqa: ARG001 - the key
        return await compute(query)

    kept = cache(ttl=_TTL, key="query:{query_json}", tags=[_TAG], lock=lock)
    decorated: Any = kept(answer)

    async def ask(query: QueryDefinition) -> bytes:
        body: bytes = await decorated(query_json=query.model_dump_json(), query=query)
        return body

    yield Kept(ask, lambda: cache.delete_tags(_TAG))
    await cache.close()


@asynccontextmanager
async def with_aiocache(_dsn: str, compute: Ask, redis_url: str | None) -> AsyncIterator[Kept]:
    """Its simple decorator; it knows no tags, so everything is cleared."""
    async with _aiocache(aiocache.cached, compute, redis_url) as kept:
        yield kept


@asynccontextmanager
async def with_aiocache_stampede(
    _dsn: str, compute: Ask, redis_url: str | None
) -> AsyncIterator[Kept]:
    """Its decorator against stampedes."""
    async with _aiocache(aiocache.cached_stampede, compute, redis_url, lease=2) as kept:
        yield kept


@asynccontextmanager
async def _aiocache(
    decorator: Any, compute: Ask, redis_url: str | None, **options: Any
) -> AsyncIterator[Kept]:
    kind = aiocache.Cache.MEMORY if redis_url is None else aiocache.Cache.REDIS
    kept = decorator(
        ttl=_TTL,
        key_builder=lambda _function, query: query.model_dump_json(),
        cache=kind,
        namespace="query:",
        serializer=aiocache.serializers.NullSerializer(encoding=None),  # bytes stay bytes
        **options,
    )(compute)
    if redis_url is not None:
        kept.cache.client = _redis(redis_url)
    yield Kept(kept, lambda: kept.cache.clear(namespace="query:"))
    if redis_url is not None:
        await kept.cache.client.aclose()


def _redis(url: str) -> Any:
    return Redis.from_url(url, max_connections=1_000)  # a stampede needs more than it has usually


class _Bytes(Coder):  # type: ignore[misc]
    @classmethod
    def encode(cls, value: Any) -> bytes:
        return bytes(value)

    @classmethod
    def decode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode_as_type(cls, value: bytes, *, type_: Any) -> Any:  # noqa: ARG003 - as its base
        return value


@asynccontextmanager
async def with_fastapi_cache(_dsn: str, compute: Ask, redis_url: str | None) -> AsyncIterator[Kept]:
    """With a coder that leaves bytes alone; invalidated by namespace."""
    redis = None if redis_url is None else _redis(redis_url)
    backend = InMemoryBackend() if redis is None else RedisBackend(redis)
    FastAPICache.reset()
    FastAPICache.init(backend, prefix="query", coder=_Bytes, expire=_TTL)

    async def answer(query: QueryDefinition) -> bytes:
        return await compute(query)

    def key(_function: Any, namespace: str, *, args: Any, **_more: Any) -> str:
        return f"{namespace}:{args[0].model_dump_json()}"

    decorated: Any = fastapi_cache_decorator(namespace=_TAG, key_builder=key)(answer)
    yield Kept(decorated, lambda: FastAPICache.clear(namespace=_TAG))
    await backend.clear(namespace=f"query:{_TAG}")
    if redis is not None:
        await redis.aclose()


PEERS: Mapping[str, Opened] = {
    "cashews": with_cashews,
    "aiocache": with_aiocache,
    "fastapi-cache2": with_fastapi_cache,
}
COPIES_HERE: Mapping[str, Opened] = {"cashews, client side": with_cashews_copies}
PEERS_AGAINST_STAMPEDES: Mapping[str, Opened] = {
    **PEERS,
    "cashews": with_cashews_lock,
    "aiocache": with_aiocache_stampede,
}
