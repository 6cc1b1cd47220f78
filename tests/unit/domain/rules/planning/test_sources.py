from collections.abc import Callable

import pytest

from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.plan import QueryPlan, Source

Plan = Callable[..., QueryPlan]
Refuse = Callable[..., list[tuple[str, str | None]]]

CARRIER = {"table_id": "f", "column": "carrier"}


def test_a_table_is_found_with_and_without_its_schema(plan: Plan) -> None:
    for table in ({"name": "flights"}, {"name": "flights", "schema_name": "public"}):
        assert plan(CARRIER, tables=[{"id": "f"} | table]).sources == (Source("public", "flights"),)


def test_an_unknown_table_is_named_with_the_closest_one(plan: Plan) -> None:
    with pytest.raises(QueryValidationError) as caught:
        plan(CARRIER, tables=[{"id": "f", "name": "flihgts"}])

    [problem] = caught.value.problems
    assert (problem.code, problem.field) == ("table_not_found", "tables[0].name")
    assert problem.suggestion == 'Did you mean "flights"?'


def test_a_table_of_another_schema_is_not_found(refuse: Refuse) -> None:
    tables = [{"id": "f", "name": "flights", "schema_name": "secret"}]

    assert refuse(CARRIER, tables=tables) == [("table_not_found", "tables[0].name")]


def test_table_ids_are_unique(refuse: Refuse) -> None:
    tables = [{"id": "f", "name": "flights"}, {"id": "f", "name": "airlines"}]

    assert ("duplicate_table_id", "tables[1].id") in refuse(CARRIER, tables=tables)
