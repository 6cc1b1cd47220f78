"""The OpenAPI document is whole and tells the truth."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter

from prismiq.adapters.http.bodies import ExecuteBody, QueryAnswer
from prismiq.adapters.http.query_examples import ANSWER_EXAMPLE, EXECUTE_EXAMPLES, QUERY_EXAMPLES
from prismiq.domain.model.query import QueryDefinition

ROUTES = {
    ("get", "/schema"),
    ("get", "/tables"),
    ("get", "/tables/{table}"),
    ("get", "/tables/{table}/columns/{column}/sample"),
    ("post", "/query/execute"),
    ("post", "/query/preview"),
    ("post", "/query/validate"),
    ("post", "/query/validate/detailed"),
    ("post", "/query/sql"),
    ("post", "/query/explain"),
}
PREFIXES = ["", "/api", "/deep/{tenant}/analytics"]


class Own(BaseModel):
    """A model of the integrator's."""

    name: str


def document(make_router: Any, prefix: str = "") -> dict[str, Any]:
    app = FastAPI()
    app.include_router(make_router(), prefix=prefix)

    @app.post("/own")
    def own(body: Own) -> Own:
        return body

    return app.openapi()


def operations(api: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            if path != "/own":
                yield method, path, operation


def values_of(part: Any, key: str) -> Iterator[Any]:
    if isinstance(part, dict):
        if key in part:
            yield part[key]
        for child in part.values():
            yield from values_of(child, key)
    elif isinstance(part, list):
        for child in part:
            yield from values_of(child, key)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_route_is_documented_under_its_prefix(make_router: Any, prefix: str) -> None:
    api = document(make_router, prefix)
    found = {(method, path.removeprefix(prefix)) for method, path, _ in operations(api)}
    assert found == ROUTES
    assert api["openapi"].startswith("3.1")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_reference_leads_somewhere(make_router: Any, prefix: str) -> None:
    api = document(make_router, prefix)
    references = set(values_of(api, "$ref"))
    assert "#/components/schemas/QueryDefinition" in references
    assert "#/components/schemas/Problem" in references
    for reference in references:
        target: Any = api
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_operation_ids_are_unique(make_router: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document(make_router))]
    assert len(ids) == len(set(ids)) == len(ROUTES)


def test_every_operation_is_described_for_people(make_router: Any) -> None:
    for _, path, operation in operations(document(make_router)):
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path


def test_every_problem_has_its_media_type_schema_and_example(make_router: Any) -> None:
    for _, path, operation in operations(document(make_router)):
        statuses = set(operation["responses"])
        assert {"200", "500", "503", "504"} <= statuses, path
        assert ("requestBody" in operation) == ({"400", "413", "415", "422"} <= statuses), path
        for status in statuses - {"200"}:
            [(media_type, content)] = operation["responses"][status]["content"].items()
            assert media_type == "application/problem+json"
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["example"]["status"] == int(status)
            assert operation["responses"][status]["description"]


def test_every_answer_has_a_schema(make_router: Any) -> None:
    for _, path, operation in operations(document(make_router)):
        content = operation["responses"]["200"]["content"]
        assert content["application/json"]["schema"], path


def test_bodies_are_required_and_have_examples_that_are_valid(make_router: Any) -> None:
    bodies = {
        path: operation["requestBody"]
        for _, path, operation in operations(document(make_router))
        if "requestBody" in operation
    }
    assert len(bodies) == 6
    for path, body in bodies.items():
        assert body["required"]
        content = body["content"]["application/json"]
        expected = EXECUTE_EXAMPLES if path == "/query/execute" else QUERY_EXAMPLES
        assert content["examples"] == expected
        if path != "/query/execute":
            assert content["schema"]["$ref"] == "#/components/schemas/QueryDefinition"
    for example in QUERY_EXAMPLES.values():
        QueryDefinition.model_validate(example["value"])
    adapter: TypeAdapter[Any] = TypeAdapter(ExecuteBody)
    for example in EXECUTE_EXAMPLES.values():
        adapter.validate_python(example["value"])
    QueryAnswer.model_validate(ANSWER_EXAMPLE)


def test_a_query_is_documented_as_it_is_written(make_router: Any) -> None:
    schemas = document(make_router)["components"]["schemas"]
    query = schemas["QueryDefinition"]
    assert query["additionalProperties"] is False
    assert query["required"] == ["tables"]
    assert schemas["AnyOf"]["required"] == ["or"]
    branches = {branch["$ref"] for branch in query["properties"]["filters"]["items"]["oneOf"]}
    assert branches == {
        f"#/components/schemas/{name}" for name in ("FilterDefinition", "AllOf", "AnyOf", "Not")
    }
