"""What it costs to log: a line, and an output that stalls."""

import asyncio
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from bench.case import Case, Servers
from bench.turns import Round, rates
from bench.verdict import Verdict
from prismiq.adapters.http.exchange import Exchange
from prismiq.adapters.http.request_context import enter_request, leave_request
from prismiq.adapters.http.request_log import log_end, peer_address
from prismiq.entrypoints.structured_logging import LoggingSetup, setup_logging

_FIELDS = {
    "method": "POST",
    "route": "/api/query/execute",
    "path": "/api/query/execute",
    "status_code": 200,
    "duration_ms": 1.234,
    "bytes": 2345,
    "client_ip": "127.0.0.1",
    "cache": "HIT",
}
_CONTEXT = {"request_id": "6f1a2b3c4d5e6f708192a3b4c5d6e7f8"}
_LINES = 5_000
_STALL = 4.0
_ALLOWED_STALL = 10.0  # milliseconds


class StandardFormatter(logging.Formatter):
    """The same fields by the means of the standard library."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "timestamp": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in (*_CONTEXT, *_FIELDS):
            if hasattr(record, name):
                fields[name] = getattr(record, name)
        return json.dumps(fields)


class LogLine:
    """From the call to the file, with everything that is done on the way."""

    what = "log line"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        token = enter_request(_CONTEXT)
        with tempfile.TemporaryFile("w") as standard_file, logging_to_a_file() as setup:
            standard = logging.Logger("standard")  # noqa: LOG001 - known to nobody else
            handler = logging.StreamHandler(standard_file)
            handler.setFormatter(StandardFormatter())
            standard.addHandler(handler)
            extra = {**_CONTEXT, **_FIELDS}
            ours = logging.getLogger("prismiq.bench")
            found = await rates(
                {
                    "standard": _lines(lambda: standard.info("Request completed", extra=extra)),
                    "ours": _lines(lambda: ours.info("Request completed", extra=_FIELDS), setup),
                    "record": _lines(_record_of_a_request(), setup),
                },
                time.process_time,
            )
        leave_request(token)
        return [
            _line_verdict("record of a request", found["record"], found["standard"]),
            _line_verdict("log line by logger.info", found["ours"], found["standard"]),
        ]


class StalledOutput:
    """How much longer the event loop did not get its turn than without any output."""

    what = "output stalls for 4 s"

    async def measure(self, _servers: Servers) -> Sequence[Verdict]:
        silent = logging.Logger("silent")  # noqa: LOG001 - known to nobody else
        silent.addHandler(logging.NullHandler())
        machine = await _longest_stall(silent)  # other processes have their turns too
        reading, writing = os.pipe()
        with os.fdopen(writing, "w") as stream:
            setup = setup_logging(stream=stream)
            stall = await _longest_stall(logging.getLogger("prismiq.bench"))
            drain = threading.Thread(target=_read_to_the_end, args=(reading,))
            drain.start()
            setup.undo()
        drain.join()
        return [
            Verdict(
                what=self.what,
                floor_name="what is allowed",
                unit="ms more",
                ours=max(0.0, stall - machine),
                floor=_ALLOWED_STALL,
                target=1,
                at_least=False,
            )
        ]


@contextmanager
def logging_to_a_file() -> Iterator[LoggingSetup]:
    """Set up our logging as long as the block lasts."""
    stream: TextIO
    with tempfile.TemporaryFile("w") as stream, setup_logging(stream=stream) as setup:
        yield setup


def _read_to_the_end(descriptor: int) -> None:
    with os.fdopen(descriptor, "rb") as output:
        output.read()


def _lines(log: Callable[[], object], setup: LoggingSetup | None = None) -> Round:
    async def run() -> int:
        for _ in range(_LINES):
            log()
        if setup is not None:
            setup.flush()
        return _LINES

    return run


def _record_of_a_request() -> Callable[[], None]:
    async def nothing(*_: Any) -> Any:
        return None

    exchange = Exchange(nothing, nothing, "r-1", lambda _: None)
    exchange.status = exchange.sent_status = 200
    exchange.cache, exchange.sent_bytes = b"HIT", 2345
    scope = {"path": _FIELDS["path"], "client": ("127.0.0.1", 1)}
    return lambda: log_end(
        scope,
        exchange,
        method="POST",
        route="/api/query/execute",
        seconds=0.001234,
        client_ip_of=peer_address,
    )


def _line_verdict(what: str, ours: Sequence[float], standard: Sequence[float]) -> Verdict:
    return Verdict.of(
        what,
        floor_name="standard library + json",
        unit="lines/s",
        ours=ours,
        floor=standard,
        target=2,
    )


async def _longest_stall(logger: logging.Logger) -> float:
    longest, last = 0.0, time.perf_counter()
    deadline = last + _STALL
    while last < deadline:
        for _ in range(10):
            logger.info("Request completed", extra=_FIELDS)
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest * 1000


CASES: Sequence[Case] = (LogLine(), StalledOutput())
