"""Not asking a store that does not answer, until it does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from math import inf

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_CALM = 10.0


class Circuit:
    """Open from the first failure until a probe succeeds.

    The probe runs by itself, at once and then after growing pauses, so that no caller is ever the
    one who tries: a hiccup costs milliseconds, an outage costs the first callers one deadline and
    later ones nothing. A circuit that opens again soon after it closed is probed more slowly.

    Args:
        probe: raises as long as the store does not answer.
        on_change: is called with False when the circuit opens, and with True when it closes, or is
            stopped: nobody is kept away from a store that nobody means to ask.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[None]],
        on_change: Callable[[bool], None] = lambda _is_closed: None,
    ) -> None:
        self._probe = probe
        self._on_change = on_change
        self._recovery: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._closed.set()
        self._closed_at = -inf
        self._pauses = _growing_pauses()

    @property
    def is_open(self) -> bool:
        """Whether callers are refused."""
        return not self._closed.is_set()

    async def closed(self) -> None:
        """Return as soon as the store answers."""
        await self._closed.wait()

    def open(self) -> None:
        """Refuse callers from now on, and begin to probe."""
        if self.is_open:
            return
        self._closed.clear()
        if asyncio.get_running_loop().time() - self._closed_at > _CALM:
            self._pauses = _growing_pauses()
        self._recovery = asyncio.create_task(self._recover())
        self._on_change(False)

    def reset(self) -> None:
        """Let callers through again without a probe."""
        was_open = self.is_open
        self._closed.set()
        if was_open:
            self._on_change(True)

    async def stop(self) -> None:
        """Refuse callers, and do not probe."""
        was_open = self.is_open
        self._closed.clear()
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.gather(self._recovery, return_exceptions=True)
        if was_open:
            self._on_change(True)

    async def _recover(self) -> None:
        for pause in self._pauses:
            await asyncio.sleep(pause)
            if await self._answers():
                self._closed_at = asyncio.get_running_loop().time()
                self.reset()
                return

    async def _answers(self) -> bool:
        try:
            await self._probe()
        except Exception:  # noqa: BLE001 - whatever it was, only asking again can tell
            return False
        return True


def _growing_pauses() -> Iterator[float]:
    pause = 0.0
    while True:
        yield pause
        pause = min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE)
