"""The name of an answer, with the validated query in hand."""

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import cycle, islice

from bench.cache.questions import small
from bench.case import Case, Servers
from bench.turns import Round, rates
from bench.verdict import Verdict
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.rules.cache_key import cache_key
from prismiq.domain.services.questions import Questions
from prismiq.entrypoints.engine import PrismiqEngine

_QUERIES = 200
_TIMES = 50
"""Asks for each query in a round. As many objects of each are more than anybody remembers."""
_MAX_ROWS = 10_000

Name = Callable[[QueryDefinition], object]


class KeyOfAQuery:
    """Five columns and a filter.

    The same object is what the same bytes over HTTP become. An equal query is another object with
    the same JSON, seen before in the present schema. One never seen needs its canonical form, and
    after that a plan and the database: it informs.
    """

    what = "cache key, 5 columns"

    async def measure(self, servers: Servers) -> Sequence[Verdict]:
        same = [small(number, columns=5) for number in range(_QUERIES)]
        equal = [small(number % _QUERIES, columns=5) for number in range(_QUERIES * _TIMES)]
        async with PrismiqEngine(servers.dsn) as engine:
            scope, clock = engine.default_scope, engine.clock
            snapshot = await engine.catalog.snapshot(scope)
            now, context = clock.now(), snapshot.generation
            questions = Questions(engine.queries, clock, _MAX_ROWS)
            of_others = Questions(engine.queries, clock, _MAX_ROWS)

            def first(query: QueryDefinition) -> object:
                return cache_key(query, scope=scope, now=now, context=context, max_rows=_MAX_ROWS)

            rivals = {
                "same object": (_each(lambda q: questions.name(q, snapshot, scope), same), same),
                "equal query": (_each(lambda q: of_others.name(q, snapshot, scope), equal), equal),
                "never seen": (_each(first, same), same),
            }
            rounds = {name: ours for name, (ours, _) in rivals.items()}
            floors = {
                f"floor of {name}": _each(_json_digest, queries)
                for name, (_, queries) in rivals.items()
            }
            found = await rates({**rounds, **floors}, time.process_time)
        return [
            Verdict.of(
                f"{self.what}: {name}",
                floor_name="model_dump_json, sha256",
                unit="µs",
                ours=[1e6 / rate for rate in found[name]],
                floor=[1e6 / rate for rate in found[f"floor of {name}"]],
                target=None if name == "never seen" else 1.5,
                at_least=False,
            )
            for name in rivals
        ]


def _json_digest(query: QueryDefinition) -> str:
    return sha256(query.model_dump_json().encode()).hexdigest()


def _each(name: Name, queries: Sequence[QueryDefinition]) -> Round:
    asks = _QUERIES * _TIMES

    async def run() -> int:
        for query in islice(cycle(queries), asks):
            name(query)
        return asks

    return run


CASES: Sequence[Case] = (KeyOfAQuery(),)
