"""What pydantic finds is told in the sender's paths, in plain words, and without his values."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from prismiq.adapters.http.bodies import ExecuteBody
from prismiq.adapters.http.field_problems import describe, field_names
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.validation import FieldProblem

TABLES = [{"id": "f", "name": "flights"}]


def problems_of(body: Any, annotation: Any = QueryDefinition) -> list[FieldProblem]:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(body)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    return describe(errors, field_names(annotation), 20)


def condition(**parts: Any) -> dict[str, Any]:
    return {"table_id": "f", "column": "x", "operator": "eq", "value": 1, **parts}


@pytest.mark.parametrize(
    ("parts", "field", "code"),
    [
        ({"limit": "5"}, "limit", "wrong_type"),
        ({"limit": 2.5}, "limit", "wrong_type"),
        ({"limit": True}, "limit", "wrong_type"),
        ({"distinct": 1}, "distinct", "wrong_type"),
        ({"tables": []}, "tables", "too_short"),
        ({"tables": "flights"}, "tables", "wrong_type"),
        ({"tables": [3]}, "tables[0]", "wrong_type"),
        ({"tables": [{"id": "f"}]}, "tables[0].name", "missing_field"),
        (
            {"columns": [{"table_id": "f", "column": "x", "agg": "sum"}]},
            "columns[0].agg",
            "unknown_field",
        ),
        ({"filters": [condition(operator="equals")]}, "filters[0].operator", "invalid_choice"),
        (
            {"filters": [condition(), {"or": [condition(), condition(operator="is")]}]},
            "filters[1].or[1].operator",
            "invalid_choice",
        ),
        (
            {"filters": [{"not": {"and": [{"not": condition(column=3)}]}}]},
            "filters[0].not.and[0].not.column",
            "wrong_type",
        ),
        ({"filters": [{"not": 3}]}, "filters[0].not", "wrong_type"),
        ({"filters": [{"and": 3}]}, "filters[0].and", "wrong_type"),
        ({"filters": [{"and": [], "or": []}]}, "filters[0].or", "unknown_field"),
        (
            {
                "time_series": {
                    "table_id": "f",
                    "date_column": "d",
                    "interval": "day",
                    "fill_value": "x",
                }
            },
            "time_series.fill_value",
            "wrong_type",
        ),
    ],
)
def test_fields_are_named_as_the_sender_wrote_them(
    parts: dict[str, Any], field: str, code: str
) -> None:
    problems = problems_of({"tables": TABLES, **parts})
    assert [(problem.field, problem.code) for problem in problems] == [(field, code)]
    assert problems[0].message.startswith(f"'{field}' ")


@pytest.mark.parametrize(
    ("parts", "suggestion"),
    [
        ({"column": []}, 'Did you mean "columns"?'),
        (
            {"columns": [{"table_id": "f", "column": "x", "aggregate": "sum"}]},
            'Did you mean "aggregation"?',
        ),
        (
            {"filters": [{"table_id": "f", "colum": "x", "operator": "eq"}]},
            'Did you mean "column"?',
        ),
        ({"filters": [{"not": condition(valeu=1)}]}, 'Did you mean "value"?'),
        ({"order_by": [{"column": "x", "direction": "desc"}]}, 'Did you mean "DESC"?'),
        (
            {"columns": [{"table_id": "f", "column": "x", "aggregation": "average"}]},
            'Did you mean "avg"?',
        ),
        ({"filters": [condition(operator="resembles")]}, None),
        ({"zzzzzz": 1}, None),
    ],
)
def test_near_misses_are_recognised(parts: dict[str, Any], suggestion: str | None) -> None:
    problems = problems_of({"tables": TABLES, **parts})
    known = [problem for problem in problems if problem.code != "missing_field"]
    assert [problem.suggestion for problem in known] == [suggestion]


def test_all_problems_are_told_at_once() -> None:
    problems = problems_of({"tables": [{"id": 1}], "limit": "x", "colums": []})
    assert [(problem.field, problem.code) for problem in problems] == [
        ("tables[0].id", "wrong_type"),
        ("tables[0].name", "missing_field"),
        ("limit", "wrong_type"),
        ("colums", "unknown_field"),
    ]


def test_enough_is_enough() -> None:
    problems = problems_of({"tables": TABLES, "filters": [1] * 100})
    assert [problem.field for problem in problems] == [f"filters[{n}]" for n in range(20)]


def test_a_list_is_not_called_too_short_because_its_members_are_wrong() -> None:
    problems = problems_of({"tables": [{"id": 1, "name": "flights"}]})
    assert [problem.field for problem in problems] == ["tables[0].id"]


@pytest.mark.parametrize("body", [[], 3, "text", None])
def test_a_body_that_is_no_object_has_no_field(body: Any) -> None:
    problems = problems_of(body, ExecuteBody)
    assert [(problem.field, problem.message) for problem in problems] == [
        (None, "The body must be an object.")
    ]


def test_paths_in_an_envelope_are_those_of_the_query() -> None:
    wrong = {"tables": TABLES, "filters": [{"or": [condition(operator="is")]}]}
    bare = problems_of(wrong, ExecuteBody)
    wrapped = problems_of({"query": wrong}, ExecuteBody)
    assert bare == wrapped
    assert bare[0].field == "filters[0].or[0].operator"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": {"tables": TABLES}, "bypass_cache": "yes"}, "bypass_cache"),
        ({"query": {"tables": TABLES}, "bypass": True}, "bypass"),
        ({"query": 3}, "query"),
    ],
)
def test_the_envelope_has_fields_of_its_own(body: Any, field: str) -> None:
    assert [problem.field for problem in problems_of(body, ExecuteBody)] == [field]


def test_no_value_of_the_sender_is_repeated() -> None:
    secret = "S3CRET"
    body = {
        "tables": [{"id": secret.encode(), "name": [secret]}, secret],
        "limit": secret,
        "filters": [condition(operator=secret), {"or": secret}],
        "time_series": {"fill_value": secret, "interval": secret},
    }
    told = json.dumps([problem.model_dump() for problem in problems_of(body)])
    assert secret not in told


def test_hostile_field_names_are_shortened_and_made_printable() -> None:
    [problem] = problems_of({"tables": TABLES, "a\n\x1b[31m" + "x" * 1000: 1})
    assert problem.field is not None
    assert problem.field.startswith("a\\n\\x1b[31mxxx")
    assert len(problem.field) <= 70
    assert len(problem.message) <= 120


def test_field_names_are_collected_to_the_bottom() -> None:
    names = field_names(ExecuteBody)
    assert {"query", "bypass_cache", "tables", "time_series"} <= names[None]
    assert {"tables", "columns"} <= names["query"]
    assert names["tables"] == {"id", "name", "alias", "schema_name"}
    assert names["on"] == {"from_column", "to_column"}
    assert names["or"] == names["not"] == names["filters"] >= {"operator", "and", "or", "not"}
