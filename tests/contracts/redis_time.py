"""Time passing in a Redis, without waiting for it."""

from collections.abc import Awaitable, Callable
from typing import Any


def pass_time_in(client: Any) -> Callable[[float], Awaitable[None]]:
    """Make every key expire that much earlier, as if the time had passed."""

    async def pass_time(seconds: float) -> None:
        async for name in client.scan_iter():
            left = await client.pttl(name)
            if left >= 0:
                await client.pexpire(name, left - int(seconds * 1000))

    return pass_time
