"""Answers that are kept, over HTTP: the whole stack against a server that only sends the bytes.

Servers are compared by requests per second of processor time, their own and Redis's: that is what
one core of an idle machine does, however busy this one is. By the clock it is told as well.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from bench.case import Case, Servers
from bench.kept_floors import KEY
from bench.kept_load import Rate, kept_body, questions, rates_in_turns, require_from
from bench.queries import PRISMIQ
from bench.serving import served
from bench.verdict import Verdict

_TARGET = 0.5
_QUERIES_IN_TURN = 100
"""So that callers who ask for the same at the same time, and share one GET, are few."""
_PLENTY = "10000000"
_TOKEN = "operator"
_ONE_PROCESS = {
    "PRISMIQ_RATE_LIMIT_PER_MINUTE": _PLENTY,
    "PRISMIQ_RATE_LIMIT_PER_HOUR": _PLENTY,
    "PRISMIQ_RATE_LIMIT_BURST": _PLENTY,
    "PRISMIQ_ADMIN_TOKEN": _TOKEN,
}
"""Limits that let the load pass. Logs go to a file, and metrics are on as always."""


@dataclass(frozen=True)
class InMemory:
    """The same query again and again; limits, logs and metrics are on.

    With several queries in turn, it shows whether the server knows them all. That informs.
    """

    rows: int
    queries: int = 1

    @property
    def what(self) -> str:
        others = "" if self.queries == 1 else f", {self.queries:,} queries"
        return f"kept answer, {self.rows:,} x 8, in memory{others}"

    async def measure(self, servers: Servers) -> list[Verdict]:
        asked = questions(self.rows, self.queries)
        settings = {**_ONE_PROCESS, "PRISMIQ_DATABASE_URL": servers.dsn}
        with ExitStack() as running:
            directory = Path(running.enter_context(tempfile.TemporaryDirectory()))
            ours = running.enter_context(served(PRISMIQ, settings))
            body = directory / "body"
            bodies = [kept_body(ours, request) for request in asked]
            body.write_bytes(bodies[0])
            floor = {"BENCH_BODY": str(body)}
            bare = running.enter_context(served("bench.kept_floors:bare", floor))
            found = await rates_in_turns({"ours": ours, "bare": bare}, asked)
            require_from(ours, "memory_hits", _TOKEN, filled=len(asked))
        target = _TARGET if self.queries == 1 else None
        return list(_verdicts(self.what, "bare ASGI", found["ours"], found["bare"], target))


@dataclass(frozen=True)
class InRedis:
    """Redis has to give the answer each time; the limits count in it too.

    A hundred queries in turn: callers who ask for the same one at once would share what they get.
    Without limits there is one round trip, as on the floor. That informs: production has limits.
    """

    rows: int

    @property
    def what(self) -> str:
        return f"kept answer, {self.rows:,} x 8, in Redis"

    async def measure(self, servers: Servers) -> list[Verdict]:
        asked = questions(self.rows, _QUERIES_IN_TURN)
        ours = {
            **_ONE_PROCESS,
            "PRISMIQ_DATABASE_URL": servers.dsn,
            "PRISMIQ_REDIS_URL": servers.redis_url,
        }
        stacks = {"ours": ours, "no limits": {**ours, "PRISMIQ_RATE_LIMIT_ENABLED": "false"}}
        with ExitStack() as running:
            rivals = {
                name: running.enter_context(served("bench.kept_in_redis:app", settings))
                for name, settings in stacks.items()
            }
            bodies = [kept_body(target, request) for target in rivals.values() for request in asked]
            with Redis.from_url(servers.redis_url) as redis:
                redis.set(KEY, bodies[0])
                process = redis.info("server")["process_id"]
            floor = {"BENCH_REDIS": servers.redis_url}
            bare = running.enter_context(served("bench.kept_floors:bare_redis", floor))
            found = await rates_in_turns({**rivals, "bare": bare}, asked, process)
            for target in rivals.values():
                require_from(target, "shared_hits", _TOKEN, filled=len(asked))
        name = "bare ASGI + GET"
        return [
            *_verdicts(self.what, name, found["ours"], found["bare"], _TARGET),
            *_verdicts(f"{self.what}, no limits", name, found["no limits"], found["bare"], None),
        ]


def _verdicts(
    what: str,
    floor_name: str,
    ours: Sequence[Rate],
    floor: Sequence[Rate],
    target: float | None,
) -> tuple[Verdict, Verdict]:
    """Return the verdict by processor time, and what the clock says."""
    by_processor = Verdict.of(
        what,
        floor_name=floor_name,
        unit="req/s of CPU",
        ours=[rate.by_processor for rate in ours],
        floor=[rate.by_processor for rate in floor],
        target=target,
    )
    by_clock = Verdict.of(
        f"{what}, clock",
        floor_name=floor_name,
        unit="requests/s",
        ours=[rate.by_clock for rate in ours],
        floor=[rate.by_clock for rate in floor],
        target=None,
    )
    return by_processor, by_clock


CASES: tuple[Case, ...] = (
    InMemory(16),
    InMemory(16, queries=1_000),
    InMemory(1_000),
    InRedis(16),
    InRedis(1_000),
)
