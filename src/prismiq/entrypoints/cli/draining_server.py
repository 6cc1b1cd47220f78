"""A server that says it is about to end some time before it stops to listen."""

import logging
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

_CLOSE = (b"connection", b"close")

_logger = logging.getLogger("uvicorn.error")  # where the server's own words go


class DrainingServer(uvicorn.Server):
    """uvicorn, but told to end it ends in steps.

    uvicorn alone stops to listen at the signal, while load balancers send requests until they
    have seen readiness fail. Here the first signal makes readiness fail, at once. Requests are
    answered as before for the drain period, each with ``Connection: close``, so that clients
    connect anew, elsewhere. Then the server stops to listen, running requests end or are cancelled
    at uvicorn's ``timeout_graceful_shutdown``, and the application's lifespan ends. A second
    signal ends the drain period, a third one leaves without waiting for anybody.

    Args:
        config: uvicorn's.
        announce: is called when the first request would be answered.
        drain: makes readiness fail. It is called in a signal handler: it must not wait or write.
        drain_seconds: the drain period.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        announce: Callable[[], None],
        drain: Callable[[], None],
        drain_seconds: float,
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._drain = drain
        self._drain_seconds = drain_seconds
        self._drains_until: float | None = None
        self._has_told = False

    async def main_loop(self) -> None:
        """Announce, then serve until told to end."""
        # Not sooner: uvicorn leaves without a clean end when a signal comes before this.
        self._announce()
        await super().main_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take the next of the steps to the end."""
        is_last = self.should_exit
        super().handle_exit(sig, frame)
        if is_last:
            self.force_exit = True
        elif self.started and self._drains_until is None:
            self.should_exit = False
            self._begin_to_drain()

    async def on_tick(self, counter: int) -> bool:
        """Look at the time; uvicorn asks ten times a second."""
        if self._drains_until is not None:
            if not self._has_told:  # not in the signal handler, which may interrupt a writer
                self._has_told = True
                _logger.info(
                    "Draining for %g seconds; another signal ends it now", self._drain_seconds
                )
            if time.monotonic() >= self._drains_until:
                self.should_exit = True
        return await super().on_tick(counter)

    def _begin_to_drain(self) -> None:
        self._drain()
        self._drains_until = time.monotonic() + self._drain_seconds
        # The first is what uvicorn makes the second of, once a second.
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
