"""Entries in a store that processes share: bytes there, entries here."""

import asyncio
from functools import partial

from prismiq.domain.model.cached_answer import CacheEntry, MissReason
from prismiq.domain.model.errors import StoreUnavailableError
from prismiq.domain.model.present_versions import PresentVersions
from prismiq.domain.rules.cache_entry import deflate, inflate
from prismiq.domain.rules.cache_envelope import pack, unpack
from prismiq.domain.services.shared_reads import SharedReads
from prismiq.ports.cache_backend import CacheBackend

_LARGE = 256 * 1024
"""Bytes from which a compressed body is left to a thread."""


class SharedEntries:
    """Reads and writes entries.

    Args:
        store: keeps them as bytes.
        compress_from: bytes of a body from which it is compressed there.
        max_body_bytes: of a body; what claims to be larger is not read. A megabyte in the store
            could become a thousand here.
    """

    def __init__(self, store: CacheBackend, *, compress_from: int, max_body_bytes: int) -> None:
        self._store = store
        self._compress_from = compress_from
        self._max_body_bytes = max_body_bytes
        self._reads: SharedReads[CacheEntry | MissReason] = SharedReads()

    async def read(
        self, key: str, present: PresentVersions, *, anew: bool = False
    ) -> CacheEntry | MissReason:
        """Return the entry, or why there is none; inflated where it is valid now.

        Callers who ask at once share one read, which may have begun before they asked: what it
        found is judged by the versions that each of them knows. ``anew`` begins another one, for
        who has to see what was written before they asked.
        """
        read = partial(self._read, key, present)
        found = await (read() if anew else self._reads.join(key, read))
        if isinstance(found, CacheEntry) and found.is_compressed and present.validate(found):
            return await _inflated(found)  # it was not valid for who has read it
        return found

    async def write(self, key: str, entry: CacheEntry, ttl: float | None) -> None:
        """Keep the entry for some seconds; None is no expiry.

        Raises:
            StoreUnavailableError: it could not be written.
        """
        await self._store.set(key, await self._packed(entry), ttl)

    async def _read(self, key: str, present: PresentVersions) -> CacheEntry | MissReason:
        try:
            data = await self._store.get(key)
        except StoreUnavailableError:
            return MissReason.STORE_UNAVAILABLE
        if data is None:
            return MissReason.ABSENT
        entry = unpack(data) if isinstance(data, bytes) else None
        if entry is None or entry.body_size > self._max_body_bytes:
            return MissReason.CORRUPT
        if entry.is_compressed and present.validate(entry):
            return await _inflated(entry)
        return entry

    async def _packed(self, entry: CacheEntry) -> bytes:
        if entry.body_size < self._compress_from:
            return pack(entry)
        return await asyncio.to_thread(lambda: pack(deflate(entry)))


async def _inflated(entry: CacheEntry) -> CacheEntry | MissReason:
    is_small = entry.body_size < _LARGE
    plain = inflate(entry) if is_small else await asyncio.to_thread(inflate, entry)
    return MissReason.CORRUPT if plain is None else plain
