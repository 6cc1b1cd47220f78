"""Answers that are kept, over HTTP: the whole stack against a server that only sends the bytes."""

import json
import tempfile
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from redis import Redis

from bench.case import ROUNDS, Case, Servers
from bench.kept_floors import KEY
from bench.load import Request, Target, requests_per_second
from bench.queries import PRISMIQ, flights
from bench.serving import served
from bench.verdict import Verdict

_PATH = "/api/query/execute"
_PLENTY = "10000000"
_SMALLEST_MEMORY = str(1024 * 1024)
"""Bytes. An answer of more than an eighth of it is not kept in memory, so Redis has to give it."""


@dataclass(frozen=True)
class KeptAnswer:
    """The same query again and again; limits, logs and metrics are on."""

    what: str
    rows: int
    from_redis: bool

    async def measure(self, servers: Servers) -> list[Verdict]:
        request = Request(_PATH, json.dumps(flights(self.rows)).encode())
        with ExitStack() as running:
            directory = Path(running.enter_context(tempfile.TemporaryDirectory()))
            ours = running.enter_context(
                served(PRISMIQ, self._settings(servers), log=directory / "log")
            )
            body = _kept_body(ours, request.body)
            (directory / "body").write_bytes(body)
            floor = {"BENCH_BODY": str(directory / "body")}
            application = "bench.kept_floors:bare"
            if self.from_redis:
                with Redis.from_url(servers.redis_url) as redis:
                    redis.set(KEY, body)
                floor["BENCH_REDIS"] = servers.redis_url
                application = "bench.kept_floors:bare_redis"
            bare = running.enter_context(served(application, floor))
            found = await _in_turns({"ours": ours, "bare": bare}, request)
        verdict = Verdict(
            what=self.what,
            floor_name="bare ASGI + GET" if self.from_redis else "bare ASGI",
            unit="requests/s",
            ours=found["ours"],
            floor=found["bare"],
            target=0.5,
            at_least=True,
        )
        return [verdict]

    def _settings(self, servers: Servers) -> dict[str, str]:
        settings = {
            "PRISMIQ_DATABASE_URL": servers.dsn,
            "PRISMIQ_RATE_LIMIT_PER_MINUTE": _PLENTY,
            "PRISMIQ_RATE_LIMIT_PER_HOUR": _PLENTY,
            "PRISMIQ_RATE_LIMIT_BURST": _PLENTY,
        }
        if self.from_redis:
            # Limits in Redis would be a second round trip, which the floor does not make.
            settings["PRISMIQ_RATE_LIMIT_ENABLED"] = "false"
            settings["PRISMIQ_REDIS_URL"] = servers.redis_url
            settings["PRISMIQ_CACHE_MAX_BYTES"] = _SMALLEST_MEMORY
        return settings


def _kept_body(target: Target, body: bytes) -> bytes:
    """Return the bytes of a hit; the first request fills the cache."""
    for _ in range(2):
        question = urllib.request.Request(
            f"http://{target.host}:{target.port}{_PATH}",
            data=body,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(question) as answer:
            sent: bytes = answer.read()
            outcome = answer.headers["x-cache"]
    if outcome != "HIT":
        raise RuntimeError(f"the second answer was a {outcome}")
    return sent


async def _in_turns(rivals: Mapping[str, Target], request: Request) -> dict[str, float]:
    results: dict[str, list[Any]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):
        for name, target in rivals.items():
            rate = await requests_per_second(target, request, connections=16, seconds=2.0)
            if number:  # the first round warms up
                results[name].append(rate)
    return {name: median(rates) for name, rates in results.items()}


CASES: tuple[Case, ...] = (
    KeptAnswer("kept answer, 16 x 8, in memory", rows=16, from_redis=False),
    KeptAnswer("kept answer, 1,000 x 8, in memory", rows=1_000, from_redis=False),
    KeptAnswer("kept answer, 2,000 x 8, in Redis", rows=2_000, from_redis=True),
)
