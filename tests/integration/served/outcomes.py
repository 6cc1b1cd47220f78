"""What an answer over HTTP says of itself: how it came about, and how old it is."""

import re

import httpx

_TIMES = r"dur=\d+\.\d\d"


def check_computed(response: httpx.Response, outcome: str, n: int) -> None:
    """An answer of the database itself, which has no age."""
    body = response.json()
    assert (response.status_code, response.headers["x-cache"]) == (200, outcome)
    assert "age" not in response.headers
    timing = response.headers["server-timing"]
    assert re.fullmatch(rf"cache;desc={outcome};{_TIMES}, db;{_TIMES}", timing)
    assert (body["rows"], body["cached_at"], body["is_from_cache"]) == ([[n]], None, False)


def check_kept(response: httpx.Response, outcome: str, n: int, cached_at: float, age: int) -> None:
    """An answer that was computed at some moment."""
    body = response.json()
    assert (response.status_code, response.headers["x-cache"]) == (200, outcome)
    assert response.headers["age"] == str(age)
    assert re.fullmatch(rf"cache;desc={outcome};{_TIMES}", response.headers["server-timing"])
    assert (body["rows"], body["cached_at"], body["is_from_cache"]) == ([[n]], cached_at, True)


def check_unavailable(response: httpx.Response) -> None:
    """A problem document that asks to come again."""
    problem = response.json()
    assert (response.status_code, problem["code"]) == (503, "database_unavailable")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "5"
    assert problem["detail"] == "The database cannot be reached at the moment."
    assert problem["request_id"] == response.headers["x-request-id"]
    assert not {"x-cache", "age"} & set(response.headers)
