"""Every query that reaches the database is one metric and one log record."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from prismiq.adapters.system.no_metrics import NoMetrics
from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.errors import QueryTimeoutError, TooManyQueriesError
from prismiq.domain.model.observations import QueryOutcome
from prismiq.domain.model.plan import Source
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.result import CompiledQuery, RowBatch
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.query_answers import QueryAnswers
from prismiq.domain.services.query_observer import QueryObserver, Statement

MakeQuery = Callable[..., QueryDefinition]
STATEMENT = Statement(
    CompiledQuery("SELECT 1 WHERE $1", ("a value",), 1),
    (Source("public", "flights"), Source("public", "flights"), Source("crm", "carriers")),
    Scope(tenant="acme"),
    CacheOutcome.MISS,
)


class Counting(NoMetrics):
    """Keeps what it is told of queries."""

    def __init__(self) -> None:
        self.finished: list[tuple[QueryOutcome, float]] = []

    def query_finished(self, outcome: QueryOutcome, seconds: float) -> None:
        self.finished.append((outcome, seconds))


@pytest.fixture
def metrics() -> Counting:
    return Counting()


@pytest.fixture
def watching(clock: Any, metrics: Counting) -> QueryObserver:
    return QueryObserver(clock, metrics, slow_query_ms=500)


def work(clock: Any, seconds: float, error: BaseException | None = None) -> Any:
    async def run() -> RowBatch:
        clock.advance(seconds)
        if error is not None:
            raise error
        return RowBatch(b"[[1],[2]]", 2, truncated=False)

    return run()


async def test_a_record_has_everything_but_values(
    watching: QueryObserver, clock: Any, metrics: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "prismiq.query")
    batch, seconds = await watching.watch(work(clock, 0.25), STATEMENT)
    assert (batch.row_count, seconds) == (2, 0.25)
    [record] = caplog.records
    fields = vars(record)
    assert (record.levelname, record.getMessage()) == ("INFO", "Query: success")
    assert fields["tables"] == ["crm.carriers", "public.flights"]
    assert [fields[name] for name in ("tenant", "rows", "duration_ms", "outcome", "cache")] == [
        *("acme", 2, 250.0, "success", "MISS")
    ]
    assert len(fields["fingerprint"]) == 16
    assert "a value" not in str(fields)
    assert metrics.finished == [(QueryOutcome.SUCCESS, 0.25)]


def test_a_fingerprint_is_that_of_the_statement_without_its_values() -> None:
    def of(sql: str, value: str) -> str:
        return Statement(CompiledQuery(sql, (value,), 1), (), Scope()).fingerprint

    assert of("SELECT $1", "a") == of("SELECT $1", "b") != of("SELECT $1, $1", "a")


async def test_a_slow_query_is_a_warning(
    watching: QueryObserver, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "prismiq.query")
    await watching.watch(work(clock, 0.5), STATEMENT)
    [record] = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "Slow query")


@pytest.mark.parametrize(
    ("error", "outcome", "level"),
    [
        (QueryTimeoutError(30), QueryOutcome.TIMEOUT, "WARNING"),
        (asyncio.CancelledError(), QueryOutcome.CANCELLED, "INFO"),
        (ZeroDivisionError(), QueryOutcome.ERROR, "WARNING"),
    ],
)
async def test_a_query_without_an_answer_is_told_too(
    watching: QueryObserver,
    clock: Any,
    metrics: Counting,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
    outcome: QueryOutcome,
    level: str,
) -> None:
    caplog.set_level(logging.INFO, "prismiq.query")
    with pytest.raises(type(error)):
        await watching.watch(work(clock, 0.125, error), STATEMENT)
    [record] = caplog.records
    assert (record.levelname, vars(record)["outcome"]) == (level, outcome.value)
    assert vars(record)["rows"] is None
    assert metrics.finished == [(outcome, 0.125)]


async def test_the_record_says_what_the_cache_had_to_do_with_it(
    answers: QueryAnswers, make_query: MakeQuery, source: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "prismiq.query")
    source.dependencies.changes[("public", "airlines")] = None
    query = make_query()
    await answers.answer(query, Scope())
    await answers.answer(query, Scope())
    assert answers.kept_answer(query, Scope()) is not None
    await answers.answer(query, Scope(), fresh=True)
    await answers.answer(make_query(table="airlines"), Scope())
    told = [(vars(record)["cache"], record.levelname) for record in caplog.records]
    assert told == [
        *(("MISS", "INFO"), ("HIT", "DEBUG"), ("HIT", "DEBUG")),
        *(("BYPASS", "INFO"), ("BYPASS", "INFO")),
    ]
    kept = vars(caplog.records[1])
    assert (kept["tables"], kept["rows"], kept["tenant"]) == (["public.flights"], 2, "default")


async def test_what_was_refused_before_the_database_is_no_query(
    watching: QueryObserver, metrics: Counting, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Who asks too much must not raise the alarm that queries fail."""
    caplog.set_level(logging.INFO, "prismiq.query")
    with pytest.raises(TooManyQueriesError):
        await watching.watch(work(clock, 1, TooManyQueriesError(2, "ip:203.0.113.7")), STATEMENT)
    assert not metrics.finished
    assert not caplog.records
