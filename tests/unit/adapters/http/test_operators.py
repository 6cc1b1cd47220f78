"""Operators' routes answer who has the token, and tell nobody else anything."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI
from pydantic import SecretStr

from prismiq.adapters.http.operators import operator_router

TOKEN = "t0k~en/+=._-"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


def operators_of(token: str) -> APIRouter:
    router = operator_router(SecretStr(token), tags=["operators"])

    @router.post("/forget")
    async def forget(names: Annotated[list[str], Body()]) -> dict[str, int]:
        return {"forgotten": len(names)}

    return router


@pytest.fixture
def client(connect: Any) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(operators_of(TOKEN), prefix="/api")
    opened: httpx.AsyncClient = connect(app)
    return opened


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
async def test_who_has_the_token_is_answered(client: httpx.AsyncClient, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    response = await client.post("/api/forget", json=["a", "b"], headers=headers)
    assert (response.status_code, response.json()) == (200, {"forgotten": 2})


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN])
async def test_without_a_token_the_answer_is_a_challenge(
    client: httpx.AsyncClient, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await client.post("/api/forget", json=["a"], headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "operators_only")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Bearer realm="operators"'
    assert response.headers["x-request-id"] == response.json()["request_id"]


@pytest.mark.parametrize("offered", [TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "wrong", "\u00e9"])
async def test_a_wrong_token_is_refused_and_not_repeated(
    client: httpx.AsyncClient, offered: str
) -> None:
    headers = {b"Authorization": f"Bearer {offered}".encode()}
    response = await client.post("/api/forget", json=["a"], headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "wrong_token")
    assert response.headers["www-authenticate"].endswith('error="invalid_token"')
    assert TOKEN not in response.text


@pytest.mark.parametrize(
    "body",
    [
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"x", "headers": {"Content-Type": "text/plain"}},
        {"json": {"not": "a list"}},
    ],
)
async def test_a_stranger_does_not_learn_what_is_wrong_with_a_body(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await client.post("/api/forget", **body)).status_code == 401
    headers = {**body.pop("headers", {}), **RIGHT}
    assert (await client.post("/api/forget", **body, headers=headers)).status_code in {415, 422}


async def test_two_routers_keep_their_tokens_apart(connect: Any) -> None:
    app = FastAPI()
    app.include_router(operators_of("one"), prefix="/one")
    app.include_router(operators_of("two"), prefix="/two")
    client: httpx.AsyncClient = connect(app)
    for prefix, token, status in (("one", "one", 200), ("one", "two", 401), ("two", "two", 200)):
        headers = {"Authorization": f"Bearer {token}"}
        response = await client.post(f"/{prefix}/forget", json=[], headers=headers)
        assert response.status_code == status


async def test_the_documentation_says_that_a_token_is_needed(client: httpx.AsyncClient) -> None:
    api = (await client.get("/openapi.json")).json()
    operation = api["paths"]["/api/forget"]["post"]
    assert operation["security"] == [{"operators": []}]
    assert api["components"]["securitySchemes"]["operators"]["scheme"] == "bearer"
    example = operation["responses"]["401"]["content"]["application/problem+json"]["example"]
    assert example["code"] == "operators_only"
