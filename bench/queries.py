"""Queries that reach the database, over HTTP."""

import json
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from bench.case import Servers
from bench.load import Request, Target, milliseconds_to_last_byte, requests_per_second
from bench.serving import served
from bench.turns import in_turns
from bench.verdict import Verdict

PRISMIQ = "prismiq.entrypoints.asgi:app"
Measure = Callable[[Target, Request], Awaitable[float]]

_COLUMNS = (
    "carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "distance", "time_hour",
)  # fmt: skip


def flights(limit: int) -> dict[str, Any]:
    """Return a query for so many rows of eight columns."""
    return {
        "tables": [{"id": "f", "name": "flights"}],
        "columns": [{"table_id": "f", "column": column} for column in _COLUMNS],
        "filters": [{"table_id": "f", "column": "carrier", "operator": "eq", "value": "UA"}],
        "limit": limit,
    }


def _settings(dsn: str) -> dict[str, str]:
    return {
        "PRISMIQ_DATABASE_URL": dsn,
        "PRISMIQ_CACHE_TTL": "0",  # every query has to reach the database
        "PRISMIQ_RATE_LIMIT_ENABLED": "false",
    }


async def _throughput(target: Target, request: Request) -> float:
    return await requests_per_second(target, request, connections=16, seconds=2.0)


async def _time_to_last_byte(target: Target, request: Request) -> float:
    return median(await milliseconds_to_last_byte(target, request, repetitions=10))


@dataclass(frozen=True)
class UncachedQuery:
    """Our whole server against bare ones that send the same statement."""

    what: str
    query: Mapping[str, Any]
    floors: Mapping[str, str]
    unit: str
    target: float
    at_least: bool
    measure_once: Measure

    async def measure(self, servers: Servers) -> list[Verdict]:
        """Start all rivals, let them take turns, compare with the best floor."""
        dsn = servers.dsn
        with ExitStack() as running:
            ours = running.enter_context(served(PRISMIQ, _settings(dsn)))
            statement = self._statement(ours, dsn)
            rivals = {
                name: running.enter_context(served(application, statement))
                for name, application in self.floors.items()
            }
            request = Request("/api/query/execute", json.dumps(self.query).encode())
            found = await in_turns(
                {
                    name: partial(self.measure_once, target, request)
                    for name, target in {"ours": ours, **rivals}.items()
                }
            )
        best = (max if self.at_least else min)(rivals, key=lambda name: median(found[name]))
        verdict = Verdict.of(
            self.what,
            floor_name=best,
            unit=self.unit,
            ours=found["ours"],
            floor=found[best],
            target=self.target,
            at_least=self.at_least,
        )
        return [verdict]

    def _statement(self, ours: Target, dsn: str) -> dict[str, str]:
        """Ask our server for the SQL of the query, so that the floors run the very same."""
        question = urllib.request.Request(
            f"http://{ours.host}:{ours.port}/api/query/sql",
            data=json.dumps(self.query).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(question) as answer:
            compiled = json.load(answer)
        return {
            "BENCH_DSN": dsn,
            "BENCH_SQL": compiled["sql"],
            "BENCH_PARAMETERS": json.dumps(compiled["parameters"]),
            "BENCH_WIDTH": str(len(self.query["columns"])),
        }


CASES = (
    UncachedQuery(
        what="query, 20 x 8",
        query=flights(20),
        floors={"asyncpg + orjson": "bench.floors:asyncpg_and_orjson"},
        unit="requests/s",
        target=0.6,
        at_least=True,
        measure_once=_throughput,
    ),
    UncachedQuery(
        what="query, 10,000 x 8, last byte",
        query=flights(10_000),
        floors={
            "asyncpg + orjson": "bench.floors:asyncpg_and_orjson",
            "JSON in PostgreSQL": "bench.floors:json_in_postgresql",
        },
        unit="ms",
        target=1.2,
        at_least=False,
        measure_once=_time_to_last_byte,
    ),
)
