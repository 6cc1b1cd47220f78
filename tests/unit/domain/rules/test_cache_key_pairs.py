"""Queries that mean the same share a key, and queries that do not never do.

The same pairs run on PostgreSQL in ``tests/integration/queries/test_pairs.py``.
"""

import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.cache_key import cache_key

PAIRS = runpy.run_path(str(Path(__file__).parents[3] / "query_pairs.py"))
NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)


def key(query: dict[str, Any]) -> str:
    definition = QueryDefinition.model_validate(query)
    return cache_key(definition, scope=Scope(), now=NOW, context="", max_rows=10_000)


@pytest.mark.parametrize("pair", PAIRS["EQUAL"], ids=lambda pair: pair.name)
def test_equal_queries_share_a_key(pair: Any) -> None:
    assert pair.one != pair.other
    assert key(pair.one) == key(pair.other)


@pytest.mark.parametrize("pair", PAIRS["DIFFERENT"], ids=lambda pair: pair.name)
def test_different_queries_have_different_keys(pair: Any) -> None:
    assert key(pair.one) != key(pair.other)
