"""Large values come whole, and nobody who asks for something short waits for them."""

import asyncio

from prismiq.adapters.redis.command import Command
from prismiq.adapters.redis.connection import RedisConnection

GET, PING = Command("GET", None), Command("PING")


async def test_large_values_hold_up_nobody_who_asks(redis_url: str) -> None:
    connection = RedisConnection.to(redis_url, deadline=20.0, connect_timeout=20.0)
    names = [f"large:{number}".encode() for number in range(20)]
    values = [bytes([number]) * 2_000_000 for number in range(20)]
    done: list[str] = []

    async def fetch(name: bytes) -> bytes:
        value: bytes = await connection.fetch(GET, name)
        done.append("value")
        return value

    async def ask() -> bytes:
        reply: bytes = await connection.ask(PING)
        done.append("short")
        return reply

    await connection.connect()
    await connection.run(lambda redis: redis.mset(dict(zip(names, values, strict=True))))
    fetched = asyncio.gather(*map(fetch, names))
    await asyncio.sleep(0)  # they have begun
    assert await ask() == b"PONG"
    assert await fetched == values
    assert done[-1] == "value"
    await connection.run(lambda redis: redis.delete(*names))
    await connection.disconnect()
