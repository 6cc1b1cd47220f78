"""Versions of tables in Redis, for all processes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import uuid4

from prismiq.adapters.redis.command import as_bytes
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.script import Script
from prismiq.ports.table_versions import TableVersions

_NAMES_PER_CALL = 1_000
"""More than any query has; Lua takes about 8,000 arguments at once."""

# KEYS: tokens, counts. ARGV: a random seed, then names. A token is the seed and a number.
_READ = Script("""
local tokens = redis.call('HMGET', KEYS[1], unpack(ARGV, 2))
local made = {}
for i, token in ipairs(tokens) do
  if not token then
    tokens[i] = ARGV[1] .. i
    made[#made + 1] = ARGV[i + 1]
    made[#made + 1] = tokens[i]
  end
end
if #made > 0 then redis.call('HSET', KEYS[1], unpack(made)) end
local server = redis.pcall('INFO', 'server')
tokens[#tokens + 1] = type(server) == 'string' and string.match(server, 'run_id:(%x+)') or ''
return tokens
""")

_ROTATE = Script("""
local known = redis.call('HMGET', KEYS[1], unpack(ARGV, 2))
local counts = redis.call('HMGET', KEYS[2], unpack(ARGV, 2))
local made, entries = {}, 0
for i, token in ipairs(known) do
  if token then
    made[#made + 1] = ARGV[i + 1]
    made[#made + 1] = ARGV[1] .. i
  end
  entries = entries + (tonumber(counts[i]) or 0)
end
if #made > 0 then redis.call('HSET', KEYS[1], unpack(made)) end
redis.call('HDEL', KEYS[2], unpack(ARGV, 2))
return entries
""")

_ROTATE_ALL = Script("""
local counts = redis.call('HGETALL', KEYS[2])
local in_all, of_tables = 0, 0
for i = 1, #counts, 2 do
  if counts[i] == ARGV[1] then in_all = tonumber(counts[i + 1])
  else of_tables = of_tables + tonumber(counts[i + 1]) end
end
redis.call('DEL', KEYS[1], KEYS[2])
return math.min(in_all, of_tables)
""")

_COUNT = Script("""
for i = 2, #ARGV do redis.call('HINCRBY', KEYS[2], ARGV[i], 1) end
""")


class RedisTableVersions(TableVersions):
    """Two hashes in one Cluster slot; each call is one script, whatever the number of entries.

    The token of everything contains the identity of the server that answered. A server that
    restarts from an old snapshot, or a replica that takes over, may have forgotten rotations: it
    makes all results invalid instead of reviving some.

    Args:
        connection: shared; who made it closes it.
        prefix: of all keys.
    """

    def __init__(self, connection: RedisConnection, *, prefix: str = "prismiq:") -> None:
        self._connection = connection
        tag = f"{{{prefix}versions}}"
        self._keys = (as_bytes(f"{tag}:tokens"), as_bytes(f"{tag}:counts"))

    async def read(self, tables: Collection[str]) -> Mapping[str, str]:
        tokens: dict[str, str] = {}
        for names in _batches((self.EVERYTHING, *tables)):
            *found, server = [token.decode() for token in await self._run(_READ, names)]
            tokens.update(zip(names, found, strict=True))
        tokens[self.EVERYTHING] += server
        return tokens

    async def rotate(self, tables: Collection[str]) -> int:
        return sum([await self._run(_ROTATE, names) for names in _batches(dict.fromkeys(tables))])

    async def rotate_all(self) -> int:
        return int(await _ROTATE_ALL.run(self._connection, self._keys, self.EVERYTHING))

    async def count_entry(self, tables: Collection[str]) -> None:
        for names in _batches((self.EVERYTHING, *dict.fromkeys(tables))):
            await self._run(_COUNT, names)

    async def _run(self, script: Script, names: tuple[str, ...]) -> Any:
        seed = f"{uuid4().hex}."
        return await script.run(self._connection, self._keys, seed, *map(as_bytes, names))


def _batches(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    remaining = iter(names)
    while batch := tuple(islice(remaining, _NAMES_PER_CALL)):
        yield batch
