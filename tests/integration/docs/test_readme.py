"""What the README shows is what happens: every block that can run is run here."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from prismiq import PrismiqEngine, QueryDefinition, Settings
from prismiq.entrypoints.cli.draining_server import DrainingServer
from prismiq.entrypoints.cli.http_server import listening, make_server, url_of

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000"
FLIGHTS_URL = "postgresql://reader@localhost/nycflights13"
CACHED_URL = "postgresql://reader@localhost/cached"
SHOP_URL = "postgresql://reader@localhost/shop"


@dataclass(frozen=True)
class Block:
    """One fenced block, by its place."""

    language: str
    line: int
    text: str


def blocks(language: str) -> list[Block]:
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [
        Block(match[1], README[: match.start()].count("\n") + 1, match[2])
        for match in found
        if match[1] == language
    ]


def place(block: Block) -> str:
    return f"line {block.line}"


def documents(*, answers: bool) -> list[Block]:
    """The JSON blocks that are questions, or those that are answers."""
    return [block for block in blocks("json") if ("tables" in json.loads(block.text)) != answers]


def next_answer(after: Block) -> Any:
    """What the README shows as the answer to a block: the JSON that follows it."""
    return json.loads(next(b.text for b in blocks("json") if b.line > after.line))


@pytest.fixture(scope="module")
async def server(flights_dsn: str) -> AsyncIterator[str]:
    """The ready-made server over the demo's data; yields its address."""
    ready = asyncio.Event()
    settings = Settings(database_url=flights_dsn)
    running = make_server(settings, DrainingServer, announce=ready.set)
    with listening("127.0.0.1", 0) as listener:
        task = asyncio.create_task(running.serve(sockets=[listener]))
        await asyncio.wait_for(ready.wait(), timeout=30)
        yield url_of(listener)
        running.should_exit = True
        await task


async def shell(script: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-euc", script),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return said.decode()


@pytest.mark.parametrize(
    "block", [block for block in blocks("sh") if block.text.startswith("curl")], ids=place
)
async def test_what_curl_is_shown_to_answer_is_answered(block: Block, server: str) -> None:
    answer = json.loads(await shell(block.text.replace(ADDRESS, server)))

    shown = next_answer(block)
    assert {name: answer[name] for name in shown} == shown


@pytest.mark.parametrize("block", documents(answers=False), ids=place)
async def test_each_query_runs_and_gives_the_answer_that_is_shown(
    block: Block, server: str
) -> None:
    QueryDefinition.model_validate_json(block.text)
    async with httpx.AsyncClient(base_url=server) as client:
        response = await client.post("/api/query/execute", json=json.loads(block.text))

    answer = response.json()
    assert response.status_code == 200, answer
    assert answer["row_count"] > 0
    following = next((b for b in blocks("json") if b.line > block.line), None)
    if following in documents(answers=True) and "rows" in json.loads(following.text):
        shown = json.loads(following.text)
        assert {name: answer[name] for name in shown} == shown


async def test_the_commands_print_what_is_shown(flights_dsn: str) -> None:
    script = next(block for block in blocks("sh") if "prismiq" in block.text)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    said = await shell(script.text, PATH=path, PRISMIQ_DATABASE_URL=flights_dsn)

    shown = next(block for block in blocks("text") if block.line > script.line)
    assert said == shown.text


@pytest.mark.parametrize(
    ("url", "comment"), [(FLIGHTS_URL, r"# (\[.*)$"), (CACHED_URL, r"run\(main\(\)\)  # (.*)$")]
)
async def test_a_whole_program_prints_its_comment(flights_dsn: str, url: str, comment: str) -> None:
    program = next(block.text for block in blocks("python") if url in block.text)

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", program.replace(url, flights_dsn)),
        stdout=subprocess.PIPE,
    )
    said, _ = await process.communicate()

    shown = re.search(comment, program, re.MULTILINE)
    assert shown
    assert said.decode().strip() == shown[1]


async def test_a_check_of_ones_own_and_draining_are_as_shown(flights_dsn: str) -> None:
    class Licenses:
        async def ping(self) -> None:
            raise ConnectionError

    engine = PrismiqEngine(flights_dsn)
    program = next(block.text for block in blocks("python") if "add_health_check" in block.text)
    exec(program, {"engine": engine, "licenses": Licenses()})

    async with engine:
        found = await engine.check_health()
        assert (found.status, found.checks["licenses"].message) == ("degraded", "failed")


@pytest.fixture
async def shop(database: str, connection: Any, dsn_for: Any) -> str:
    """A shop with two tenants, and the README's policy; yields the reader's address."""
    await connection.execute(
        "CREATE TABLE orders (id integer PRIMARY KEY, tenant text, amount integer);"
        "INSERT INTO orders VALUES (1, 'acme', 10), (2, 'acme', 20), (3, 'other', 99);"
        "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "GRANT SELECT ON orders TO reader"
    )
    await connection.execute(next(block.text for block in blocks("sql")))
    return str(dsn_for(database, "reader"))


async def test_a_tenant_sees_its_own_rows_through_the_mounted_router(shop: str) -> None:
    program = next(block.text for block in blocks("python") if SHOP_URL in block.text)
    names: dict[str, Any] = {}
    exec(compile(program.replace(SHOP_URL, shop), "README.md", "exec"), names)
    app, user = names["app"], SimpleNamespace(tenant="acme", id="7")

    async def authenticated(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"user": user}}, receive, send)

    query = {
        "tables": [{"id": "o", "name": "orders"}],
        "columns": [{"table_id": "o", "column": "amount", "aggregation": "sum"}],
    }
    transport = httpx.ASGITransport(app=authenticated)
    async with (
        names["engine"],
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        response = await client.post("/analytics/query/execute", json=query)

    assert response.json()["rows"] == [[30]]


async def test_the_limits_of_the_example_hold(shop: str) -> None:
    program = next(block.text for block in blocks("python") if "LimitRule" in block.text)
    names: dict[str, Any] = {}
    exec(compile(program.replace(SHOP_URL, shop), "README.md", "exec"), names)
    app, user = names["app"], SimpleNamespace(tenant="acme", id="7")

    async def authenticated(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"user": user}}, receive, send)

    transport = httpx.ASGITransport(app=authenticated)
    origin = {"Origin": "https://app.example.com"}
    async with (
        names["engine"],
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        tables = await client.get("/analytics/tables", headers=origin)
        await client.get("/reports/7/export")
        export = await client.get("/reports/8/export")
        user.tenant = "other"
        other = await client.get("/analytics/tables")

    assert '"hour";q=100000;w=3600' in tables.headers["ratelimit-policy"]
    assert "RateLimit" in tables.headers["access-control-expose-headers"]
    assert (export.status_code, export.json()["policy"]) == (429, "exports")
    assert other.headers["x-ratelimit-limit"] == "20"


def table_rows(first_header: str) -> Iterator[list[str]]:
    """Rows of the table whose first column has this title."""
    lines = README.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def as_written(value: object) -> str:
    """Return a setting's value as one writes it in the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_table_of_settings_is_complete_and_tells_the_defaults() -> None:
    shown = {row[0].strip("`"): row[1] for row in table_rows("variable")}
    fields = Settings.model_fields

    assert set(shown) == {f"PRISMIQ_{name.upper()}" for name in fields}
    for name, field in fields.items():
        default = shown[f"PRISMIQ_{name.upper()}"]
        if default.startswith("`"):
            assert default.strip("`") == as_written(field.default)
        else:
            assert field.is_required() or not field.default


def test_every_command_and_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)\b", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    shown = {re.split(r"[ \[]", row[0].strip("`"))[1] for row in table_rows("command")}
    assert shown == {
        *("demo", "serve", "check", "schema", "query", "cache", "changes", "limits", "openapi")
    }


def test_every_link_into_the_repository_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            if not urlsplit(target).scheme:
                path = urlsplit(target).path or page.name
                assert (page.parent / path).exists(), f"{page.name}: {target}"


def test_every_file_that_the_architecture_page_sends_to_exists() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    places = [ROOT, *(ROOT / "src" / "prismiq").rglob("")]
    for name in set(re.findall(r"`([\w/.]+(?:\.py|/))`", page)):
        assert any((place / name).exists() for place in places), name


def test_the_test_command_is_what_continuous_integration_runs() -> None:
    assert "$ make check" in README
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make check"
