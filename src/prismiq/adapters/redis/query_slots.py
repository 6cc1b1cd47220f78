"""Places of running queries in Redis, for all processes."""

from uuid import uuid4

from prismiq.adapters.redis.command import as_bytes
from prismiq.adapters.redis.connection import RedisConnection
from prismiq.adapters.redis.script import Script
from prismiq.ports.query_slots import QuerySlots

_HOLD = Script("""
local places, milliseconds, token = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if places > 0 and redis.call('ZCARD', KEYS[1]) >= places then
  return 0
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + milliseconds), token)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(last[2])))
return 1
""")
_NO_LIMIT = 0


class RedisQuerySlots(QuerySlots):
    """One sorted set per client: tokens by the moment, on the server's clock, their leases end.

    Args:
        connection: to the store.
        prefix: of the keys.
    """

    def __init__(self, connection: RedisConnection, *, prefix: str = "prismiq:slots:") -> None:
        self._connection = connection
        self._prefix = prefix

    async def acquire(self, client: str, places: int, seconds: float) -> str | None:
        token = uuid4().hex
        return token if await self._hold(client, places, seconds, token) else None

    async def extend(self, client: str, token: str, seconds: float) -> None:
        await self._hold(client, _NO_LIMIT, seconds, token)

    async def release(self, client: str, token: str) -> None:
        await self._connection.run(lambda redis: redis.zrem(self._key(client), token))

    async def _hold(self, client: str, places: int, seconds: float, token: str) -> bool:
        milliseconds = round(seconds * 1000)
        answer = await _HOLD.run(self._connection, [self._key(client)], places, milliseconds, token)
        return bool(answer)

    def _key(self, client: str) -> bytes:
        return as_bytes(self._prefix + client)
