import json
from typing import Any

import pytest
from pydantic import ValidationError

from prismiq.domain.model.filters import AllOf, AnyOf, FilterDefinition, Not
from prismiq.domain.model.query import QueryDefinition

CONDITION = {"table_id": "f", "column": "carrier", "operator": "in_", "value": ["AA", "UA"]}


def parsed(*filters: Any) -> QueryDefinition:
    body = {"tables": [{"id": "f", "name": "flights"}], "filters": list(filters)}
    return QueryDefinition.model_validate_json(json.dumps(body))


def test_groups_nest_and_are_kept_as_values_that_cannot_change() -> None:
    [node] = parsed({"or": [CONDITION, {"not": {"and": [CONDITION]}}]}).filters

    condition = FilterDefinition(table_id="f", column="carrier", operator="in_", value=("AA", "UA"))
    assert node == AnyOf(members=[condition, Not(member=AllOf(members=[condition]))])


@pytest.mark.parametrize(
    "node",
    [
        {"or": [CONDITION], "and": [CONDITION]},
        {"or": CONDITION},
        {"xor": [CONDITION]},
        CONDITION | {"operator": "regex"},
        CONDITION | {"sql": "1=1"},
        3,
        None,
    ],
)
def test_what_is_not_a_filter_is_refused(node: Any) -> None:
    with pytest.raises(ValidationError):
        parsed(node)


@pytest.mark.parametrize("levels", [300, 5_000, 100_000])
def test_absurd_nesting_is_a_validation_error(levels: int) -> None:
    body = (
        '{"tables":[{"id":"f","name":"flights"}],"filters":['
        + '{"and":[' * levels
        + "]}" * levels
        + "]}"
    )

    with pytest.raises(ValidationError):
        QueryDefinition.model_validate_json(body)
