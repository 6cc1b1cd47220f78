"""A process of its own in which many callers ask for one slow answer.

``python -m tests.integration.adapters.redis.stampede_worker REDIS_URL PREFIX DSN CALLERS``

It says ``ready``, waits for a line, says ``computing`` when it asks the database, and at the end
what numbers its callers were given.
"""

import asyncio
import sys

import asyncpg
from tests.integration.adapters.redis.answer_process import answer_process

SECONDS = 1.0


def say(text: str) -> None:
    """Tell the parent."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def compute(dsn: str) -> int:
    """Return how often this was called, by whomever, after a while."""
    say("computing")
    connection = await asyncpg.connect(dsn)
    try:
        number = await connection.fetchval("INSERT INTO executions DEFAULT VALUES RETURNING number")
        await connection.execute("SELECT pg_sleep($1)", SECONDS)
    finally:
        await connection.close()
    return int(number)


async def main(addresses: list[str], callers: int) -> None:
    """Run the process."""
    url, prefix, dsn = addresses
    async with answer_process(url, prefix, deadline=2.0) as process:
        await process.connection.connect()
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        asked = (process.ask(lambda: compute(dsn)) for _ in range(callers))
        numbers = await asyncio.gather(*asked)
        say(f"answers {len(numbers)} {sorted(set(numbers))}")


if __name__ == "__main__":
    _, *addresses, number = sys.argv
    asyncio.run(main(addresses, int(number)))
