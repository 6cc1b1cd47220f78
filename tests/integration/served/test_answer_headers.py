"""Where an answer came from and how old it is: in its headers and in its body, for each outcome."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from tests.integration.served.conftest import EXECUTE, OpenSite, Site, select
from tests.integration.served.outcomes import check_computed, check_kept
from tests.unit.conftest import ManualClock

THINGS = select("things", "n")
TTL = 100.0
_SETUP = """
CREATE TABLE things AS SELECT 1 AS n;
CREATE VIEW moments AS SELECT now() AS at;
"""
_PAGE = "https://app.example.com"


@pytest.fixture
async def dsn(database: str, connection: Any) -> str:
    await connection.execute(_SETUP)
    return database


@pytest.fixture
async def site(dsn: str, open_site: OpenSite, store: str) -> Site:
    return await open_site(dsn, store=store, cache_ttl=TTL)


@pytest.fixture
async def site_in_memory(dsn: str, open_site: OpenSite) -> Site:
    """For what has nothing to do with where answers are kept."""
    return await open_site(dsn, cors_origins=(_PAGE,))


async def test_a_miss_is_followed_by_hits_that_grow_older(site: Site, clock: ManualClock) -> None:
    check_computed(await site.ask(THINGS), "MISS", 1)
    computed_at = clock.now().timestamp()
    for seconds, age in ((0, 0), (0.75, 0), (0.25, 1), (60.5, 61)):
        clock.advance(seconds)
        check_kept(await site.ask(THINGS), "HIT", 1, computed_at, age)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"query": THINGS, "bypass_cache": True}, {}),
        (THINGS, {"Cache-Control": "no-cache"}),
        ({"query": THINGS}, {"Cache-Control": "max-age=0, No-Store"}),
    ],
    ids=["envelope", "no-cache", "no-store"],
)
async def test_a_bypass_is_computed_and_makes_the_kept_answer_young(
    site: Site, clock: ManualClock, connection: Any, body: Any, headers: dict[str, str]
) -> None:
    await site.ask(THINGS)
    await connection.execute("UPDATE things SET n = 2")
    clock.advance(30)
    check_kept(await site.ask(THINGS), "HIT", 1, clock.now().timestamp() - 30, 30)
    check_computed(await site.ask(body, **headers), "BYPASS", 2)
    check_kept(await site.ask(THINGS), "HIT", 2, clock.now().timestamp(), 0)


async def test_what_is_never_kept_is_always_a_bypass(site_in_memory: Site) -> None:
    for _ in range(2):
        response = await site_in_memory.ask(select("moments", "at"))
        assert response.headers["x-cache"] == "BYPASS"
        assert "age" not in response.headers
        assert (response.json()["cached_at"], response.json()["is_from_cache"]) == (None, False)


async def test_without_a_cache_every_answer_is_a_bypass(dsn: str, open_site: OpenSite) -> None:
    site = await open_site(dsn, cache_ttl=0)
    for _ in range(2):
        check_computed(await site.ask(THINGS), "BYPASS", 1)


async def test_an_answer_that_is_renewed_in_the_background_is_a_hit_until_it_is_young_again(
    site: Site, clock: ManualClock, connection: Any
) -> None:
    await site.ask(THINGS)
    computed_at = clock.now().timestamp()
    await connection.execute("UPDATE things SET n = 2")
    clock.advance(TTL * 0.9)
    check_kept(await site.ask(THINGS), "HIT", 1, computed_at, 90)
    async with asyncio.timeout(20):
        while (response := await site.ask(THINGS)).headers["age"] != "0":
            check_kept(response, "HIT", 1, computed_at, 90)
            await asyncio.sleep(0)
    check_kept(response, "HIT", 2, clock.now().timestamp(), 0)


async def test_an_answer_whose_time_is_over_is_a_miss(
    site: Site, clock: ManualClock, connection: Any
) -> None:
    await site.ask(THINGS)
    await connection.execute("UPDATE things SET n = 2")
    clock.advance(TTL)
    check_computed(await site.ask(THINGS), "MISS", 2)
    check_kept(await site.ask(THINGS), "HIT", 2, clock.now().timestamp(), 0)


async def test_a_second_process_tells_the_age_of_what_the_first_one_has_kept(
    dsn: str, open_site: OpenSite, clock: ManualClock
) -> None:
    first, second = [await open_site(dsn, store="redis", cache_ttl=TTL) for _ in range(2)]
    await first.ask(THINGS)
    computed_at = clock.now().timestamp()
    for seconds in (7, 5):  # from Redis, then from its own memory
        clock.advance(seconds)
        age = clock.now().timestamp() - computed_at
        check_kept(await second.ask(THINGS), "HIT", 1, computed_at, int(age))
    bodies = {(await each.ask(THINGS)).content for each in (first, second)}
    assert len(bodies) == 1


async def test_a_preview_says_the_same_of_itself(site: Site, clock: ManualClock) -> None:
    async def preview(limit: int) -> httpx.Response:
        return await site.http.post(f"/api/query/preview?limit={limit}", json=THINGS)

    check_computed(await preview(1), "MISS", 1)
    computed_at = clock.now().timestamp()
    clock.advance(3)
    check_kept(await preview(1), "HIT", 1, computed_at, 3)
    check_computed(await preview(2), "MISS", 1)


async def test_a_page_of_another_origin_may_read_where_an_answer_came_from(
    site_in_memory: Site,
) -> None:
    wish = {
        "Origin": _PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    asked = await site_in_memory.http.options(EXECUTE, headers=wish)
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == _PAGE
    assert "POST" in asked.headers["access-control-allow-methods"]
    for outcome in ("MISS", "HIT"):
        answer = await site_in_memory.ask(THINGS, Origin=_PAGE)
        assert answer.headers["x-cache"] == outcome
        assert answer.headers["access-control-allow-origin"] == _PAGE
        exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
        assert {"x-cache", "age", "server-timing", "x-request-id"} <= set(exposed)
    foreign = await site_in_memory.http.options(
        EXECUTE, headers={**wish, "Origin": "https://evil.example"}
    )
    assert foreign.status_code == 400
    assert "access-control-allow-origin" not in foreign.headers


async def test_only_a_post_is_a_query(site_in_memory: Site) -> None:
    await site_in_memory.ask(THINGS)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        response = await site_in_memory.http.request(
            method,
            EXECUTE,
            content=json.dumps(THINGS),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert response.headers["content-type"] == "application/problem+json"
        assert not {"x-cache", "age", "server-timing"} & set(response.headers)
    assert (await site_in_memory.stats())["hits"] == 0


async def test_what_is_refused_says_nothing_of_the_cache(site_in_memory: Site) -> None:
    await site_in_memory.ask(THINGS)
    for body in (b"{", select("nothing", "n"), select("things", "m"), {**THINGS, "limit": "1"}):
        response = await site_in_memory.ask(body)
        assert response.status_code in (400, 404, 422)
        assert not {"x-cache", "age", "server-timing"} & set(response.headers)
