"""Asking servers for an answer that they keep."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from bench.load import Request, Target, loaded
from bench.processor import processor_seconds
from bench.queries import flights
from bench.turns import in_turns

_CONNECTIONS, _SECONDS = 16, 1.0
_NEARLY_ALL = 0.99


class Rate(NamedTuple):
    """Requests per second."""

    by_clock: float
    by_processor: float


def questions(rows: int, queries: int = 1) -> list[Request]:
    """Return requests for so many rows of eight columns, each another query."""
    return [_question(rows, shortest) for shortest in range(queries)]


def _question(rows: int, shortest: int) -> Request:
    query = flights(rows)
    query["filters"].append(
        {"table_id": "f", "column": "distance", "operator": "gte", "value": shortest}
    )
    return Request("/api/query/execute", json.dumps(query).encode())


def kept_body(target: Target, asked: Request) -> bytes:
    """Return the bytes of a hit; the first request fills the cache.

    Raises:
        RuntimeError: it is not kept.
    """
    for _ in range(2):
        request = urllib.request.Request(
            f"http://{target.host}:{target.port}{asked.path}",
            data=asked.body,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            sent: bytes = answer.read()
            outcome = answer.headers["x-cache"]
    if outcome != "HIT":
        raise RuntimeError(f"the second answer was a {outcome}")
    return sent


async def rates_in_turns(
    rivals: Mapping[str, Target], asked: Sequence[Request], *others: int
) -> dict[str, list[Rate]]:
    """Return all rates. The processor time of the other processes counts too."""
    return await in_turns(
        {name: partial(_rate, target, asked, *others) for name, target in rivals.items()}
    )


async def _rate(target: Target, asked: Sequence[Request], *others: int) -> Rate:
    processes = (target.process, *others)
    used = 0.0
    while used <= 0:  # a virtual machine was seen to account nothing for two seconds
        before = processor_seconds(*processes)
        load = await loaded(
            target,
            asked,
            connections=_CONNECTIONS,
            seconds=_SECONDS,
            stays_awake=not others,  # they share the core
        )
        used = processor_seconds(*processes) - before
    return Rate(load.requests / load.seconds, load.requests / used)


def require_from(target: Target, tier: str, token: str, *, filled: int = 1) -> None:
    """Make sure that a server's answers came from there, but for those that filled the cache.

    Raises:
        RuntimeError: too many came from elsewhere: something else was measured.
    """
    request = urllib.request.Request(
        f"http://{target.host}:{target.port}/api/cache/stats",
        headers={"authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        stats: dict[str, int] = json.load(answer)
    given = stats["hits"] + stats["misses"] + stats["stale"] - filled
    if stats[tier] < _NEARLY_ALL * given:
        raise RuntimeError(f"of {given} answers {stats[tier]} were {tier}: {stats}")
