"""The schema, read from the database once for all processes that share a cache."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b

from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.schema import DatabaseSchema
from prismiq.domain.rules.kept_schema import schema_as_kept, schema_from_kept
from prismiq.ports.cache_backend import CacheBackend
from prismiq.ports.schema_source import SchemaSource

_PREFIX = "schema:"
_GENERATION = f"{_PREFIX}generation"


class CachedSchemaSource(SchemaSource):
    """Answers from a cache, and fills it.

    Every entry belongs to a generation, which is a random text in the cache itself. A reading
    that began before ``invalidate`` ends up in the generation of before, where nobody looks.
    A cache that fails is never the reason that a reading fails.

    Args:
        source: reads the database.
        cache: keeps what was read.
        ttl: seconds for which it is kept.
        new_token: returns a random text that never comes back.
        origin: tells which database the source reads, and as which role: others may keep theirs
            in the same cache.
    """

    def __init__(
        self,
        source: SchemaSource,
        cache: CacheBackend,
        *,
        ttl: float,
        new_token: Callable[[], str],
        origin: Callable[[], Awaitable[str]],
    ) -> None:
        self._source = source
        self._cache = cache
        self._ttl = ttl
        self._new_token = new_token
        self._origin = origin

    async def read(self, schema_names: Sequence[str]) -> DatabaseSchema:
        generation = await self._generation()
        if generation is None:
            return await self._source.read(schema_names)
        key = await self._key(generation, schema_names)
        kept = await self._kept(key)
        return kept if kept is not None else await self._read_and_keep(key, schema_names)

    async def refresh(self, schema_names: Sequence[str]) -> DatabaseSchema:
        """Read the database now, and keep that. Raises as ``read``."""
        generation = await self._generation()
        if generation is None:
            return await self._source.read(schema_names)
        return await self._read_and_keep(await self._key(generation, schema_names), schema_names)

    async def invalidate(self) -> None:
        """Forget every schema that is kept, also those that are being read now.

        Raises:
            StoreUnavailableError: the shared cache does not answer, so others may go on with it.
        """
        await self._cache.clear(f"{_PREFIX}*")

    async def _key(self, generation: str, schema_names: Sequence[str]) -> str:
        names = "\x00".join((await self._origin(), *schema_names))
        digest = blake2b(names.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return f"{_PREFIX}{generation}:{digest}"

    async def _generation(self) -> str | None:
        try:
            found = await self._cache.get(_GENERATION)
            if isinstance(found, str):
                return found
            made = self._new_token()
            # No expiry of its own: an entry must never outlive its generation.
            await self._cache.set(_GENERATION, made)
        except StoreUnavailableError:
            return None
        return made

    async def _kept(self, key: str) -> DatabaseSchema | None:
        try:
            return schema_from_kept(await self._cache.get(key))
        except StoreUnavailableError:
            return None

    async def _read_and_keep(self, key: str, schema_names: Sequence[str]) -> DatabaseSchema:
        schema = await self._source.read(schema_names)
        try:
            await self._cache.set(key, schema_as_kept(schema), self._ttl)
        except StoreUnavailableError:
            return schema
        return schema
