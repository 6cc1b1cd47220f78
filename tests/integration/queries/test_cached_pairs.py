"""The pairs of queries through an engine that keeps answers: equal ones share, others never do."""

import runpy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from tests.integration.queries.conftest import FixedClock

from prismiq import InMemoryCache, PrismiqEngine, QueryDefinition, QueryValidationError
from prismiq.entrypoints.container import EngineContainer

PAIRS = runpy.run_path(str(Path(__file__).parents[2] / "query_pairs.py"))
_TABLES = ("person", "purchase", "stock", "event", "nothing", "adult")


@pytest.fixture(scope="module")
async def at_noon(small_database: str) -> AsyncIterator[PrismiqEngine]:
    """An engine with the clock by which the pairs are written."""
    with EngineContainer.clock.override(providers.Object(FixedClock())):
        engine = PrismiqEngine(small_database, _TABLES, cache=InMemoryCache())
    async with engine:
        yield engine


@pytest.fixture
async def engine(at_noon: PrismiqEngine) -> PrismiqEngine:
    """It has kept nothing that is valid."""
    await at_noon.invalidate_cache()
    return at_noon


async def answer(engine: PrismiqEngine, query: dict[str, Any], *, kept: bool = True) -> Any:
    """Return everything an answer shows, or why there is none, and whether it was kept before."""
    definition = QueryDefinition.model_validate(query)
    assert engine.query_cache is not None
    hits = engine.query_cache.stats().hits
    try:
        result = await engine.execute_query(definition, use_cache=kept)
    except QueryValidationError as error:
        return [problem.code for problem in error.problems], False
    rows = [repr(row) for row in result.rows]
    if not definition.order_by and definition.time_series is None:
        rows.sort()
    shown = result.columns, result.column_types, rows, result.truncated
    return shown, engine.query_cache.stats().hits > hits


@pytest.mark.parametrize("pair", PAIRS["EQUAL"], ids=lambda pair: pair.name)
async def test_equal_queries_are_answered_with_what_either_has_left(
    engine: PrismiqEngine, pair: Any
) -> None:
    for first, second in ((pair.one, pair.other), (pair.other, pair.one)):
        await engine.invalidate_cache()
        computed, was_kept = await answer(engine, first)
        assert not was_kept
        assert await answer(engine, second) == (computed, True)
        assert await answer(engine, second, kept=False) == (computed, False)


@pytest.mark.parametrize("pair", PAIRS["DIFFERENT"], ids=lambda pair: pair.name)
async def test_different_queries_are_never_answered_with_what_the_other_has_left(
    engine: PrismiqEngine, pair: Any
) -> None:
    for first, second in ((pair.one, pair.other), (pair.other, pair.one)):
        await engine.invalidate_cache()
        await answer(engine, first)
        computed, was_kept = await answer(engine, second)
        assert not was_kept
        assert (computed, False) == await answer(engine, second, kept=False)
