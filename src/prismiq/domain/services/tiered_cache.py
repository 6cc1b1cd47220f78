"""A cache of this process in front of one that all processes share."""

from collections.abc import Collection, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.rules.time_to_live import require_ttl
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.invalidation_bus import InvalidationBus

_ALL = "all"
_KEY = "key:"
_MOST_OUTDATED = 10_000


@dataclass(eq=False, slots=True)
class _Claim:
    """A call that has asked the shared cache and has not written its local copy yet."""

    is_outdated: bool = False


class TieredCache(CacheBackend):
    """Reads answer from the local copy, else from the shared cache, and keep a copy.

    Writes go to the shared cache and are announced to other processes, which drop their copies.
    Messages are heard while the cache is entered (``async with``). Where one is lost, a copy is
    wrong for ``max_age`` at most, and none survives a gap of the messages. By as much can a copy
    outlive the expiry of its entry.

    While the shared cache is away, copies go on until ``max_age``. Calls that need it raise
    StoreUnavailableError; what was to be set is kept locally all the same.

    Args:
        local: of this process only. It is taken to answer without waiting.
        shared: of all processes.
        bus: connects the processes, on a topic of its own.
        max_age: seconds after which a copy is read again.
    """

    def __init__(
        self,
        local: CacheBackend,
        shared: CacheBackend,
        bus: InvalidationBus,
        *,
        max_age: float = 5.0,
    ) -> None:
        self._local = local
        self._shared = shared
        self._bus = bus
        self._max_age = max_age
        self._generation = 0  # part of local keys: forgetting all is one addition
        self._outdated: set[str] = set()
        self._claims: dict[str, set[_Claim]] = {}
        self._listening = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._listening.enter_async_context(self._bus.listen(self._hear, self._forget_all))
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._listening.aclose()
        self._forget_all()

    async def get(self, key: str) -> Any | None:
        copy = await self._local.get(await self._copy_of(key))
        if copy is not None:
            return copy
        with self._claim(key) as claim:
            value = await self._shared.get(key)
            if value is not None and not claim.is_outdated:
                await self._local.set(await self._copy_of(key), value, self._max_age)
        return value

    async def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        local_ttl = self._max_age if require_ttl(ttl) is None else min(ttl or 0, self._max_age)
        unavailable = None
        with self._claim(key) as claim:
            try:
                await self._shared.set(key, value, ttl)
            except StoreUnavailableError as error:
                unavailable = error
            finally:
                is_last = not claim.is_outdated
                self._outdate(key)
            if is_last:
                await self._local.set(await self._copy_of(key), value, local_ttl)
        if unavailable is not None:
            raise unavailable
        await self._announce(_KEY + key)

    async def delete(self, key: str) -> bool:
        try:
            deleted = await self._shared.delete(key)
        finally:
            self._outdate(key)
        await self._announce(_KEY + key)
        return deleted

    async def clear(self, pattern: str | None = None) -> int:
        try:
            removed = await self._shared.clear(pattern)
        finally:
            self._forget_all()
        await self._announce(_ALL)
        return removed

    async def exists(self, key: str) -> bool:
        return await self._local.exists(await self._copy_of(key)) or await self._shared.exists(key)

    async def _copy_of(self, key: str) -> str:
        """Return the local key. Copies that are known to be outdated are gone then."""
        while self._outdated:
            await self._local.delete(f"{self._generation} {self._outdated.pop()}")
        return f"{self._generation} {key}"

    @contextmanager
    def _claim(self, key: str) -> Iterator[_Claim]:
        """Note that a copy of what is in the shared cache is on its way."""
        claim = _Claim()
        self._claims.setdefault(key, set()).add(claim)
        try:
            yield claim
        finally:
            self._claims[key].discard(claim)
            if not self._claims[key]:
                del self._claims[key]

    async def _announce(self, message: str) -> None:
        with suppress(StoreUnavailableError):  # then the others notice after ``max_age``
            await self._bus.publish([message])

    def _hear(self, messages: Collection[str]) -> None:
        for message in messages:
            if message.startswith(_KEY):
                self._outdate(message.removeprefix(_KEY))
            else:
                self._forget_all()

    def _outdate(self, key: str) -> None:
        self._outdated.add(key)
        for claim in self._claims.get(key, ()):
            claim.is_outdated = True
        if len(self._outdated) > _MOST_OUTDATED:
            self._forget_all()

    def _forget_all(self) -> None:
        self._generation += 1
        self._outdated.clear()
        for claims in self._claims.values():
            for claim in claims:
                claim.is_outdated = True
