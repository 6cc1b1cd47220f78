from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from prismiq.domain.model.query import ColumnSelection, QueryDefinition, QueryTable


def every_model(root: type[BaseModel]) -> set[type[BaseModel]]:
    found, waiting = set(), [root]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += [m for f in model.model_fields.values() for m in _models_in(f.annotation)]
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments = getattr(annotation, "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]


@pytest.mark.parametrize("model", every_model(QueryDefinition), ids=lambda model: model.__name__)
def test_every_part_of_a_query_is_strict_frozen_and_closed(model: type[BaseModel]) -> None:
    assert model.model_config["strict"]
    assert model.model_config["frozen"]
    assert model.model_config["extra"] == "forbid"


@pytest.mark.parametrize("model", every_model(QueryDefinition), ids=lambda model: model.__name__)
def test_no_field_of_a_query_holds_sql(model: type[BaseModel]) -> None:
    assert not [n for n in model.model_fields if "sql" in n or "expression" in n or "raw" in n]


def test_a_query_can_be_written_with_lists_and_is_hashable_by_value() -> None:
    def make() -> QueryDefinition:
        return QueryDefinition(
            tables=[QueryTable(id="f", name="flights")],
            columns=[ColumnSelection(table_id="f", column="carrier")],
        )

    assert len({make(), make()}) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"tables": []},
        {"tables": [{"id": "f", "name": "flights", "sql": "x"}]},
        {"tables": [{"id": 1, "name": "flights"}]},
        {"tables": [{"id": "f", "name": "flights"}], "limit": "5"},
        {"tables": [{"id": "f", "name": "flights"}], "limit": True},
        {"tables": [{"id": "f", "name": "flights"}], "distinct": 1},
        {"tables": [{"id": "f", "name": "flights"}], "where": "1=1"},
        {
            "tables": [{"id": "f", "name": "flights"}],
            "columns": [{"table_id": "f", "column": "c", "date_trunc": "day'); DROP TABLE"}],
        },
    ],
)
def test_unknown_fields_and_wrong_types_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        QueryDefinition.model_validate(body)
