"""What is in ``deploy/``, and what it has to fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import typer
import yaml

from prismiq import Settings, create_app
from prismiq.entrypoints.cli.application import application

ROOT = Path(__file__).parents[3]
MACHINES_ASK = ("/health", "/health/live", "/health/ready", "/health/startup", "/metrics")
CheckArguments: TypeAlias = Callable[[list[str]], dict[str, Any]]


@pytest.fixture
def deploy() -> Path:
    return ROOT / "deploy"


@pytest.fixture(scope="session")
async def paths() -> set[str]:
    """Which of the addresses for machines the ready-made server answers."""
    app = create_app(Settings(database_url="postgresql://ann@127.0.0.1:1/shop"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return {path for path in MACHINES_ASK if (await client.get(path)).status_code != 404}


@pytest.fixture(scope="session")
def arguments_of_serve() -> CheckArguments:
    """Return what ``prismiq`` understands of its arguments; wrong ones raise."""
    serve = typer.main.get_command(application).commands["serve"]  # type: ignore[attr-defined]

    def understand(arguments: list[str]) -> dict[str, Any]:
        assert arguments[0] == "serve"
        understood: dict[str, Any] = serve.make_context("serve", arguments[1:]).params
        return understood

    return understand


@pytest.fixture
def compose(deploy: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((deploy / "compose.yml").read_text())
    return document


@pytest.fixture
def image_user(deploy: Path) -> tuple[int, int]:
    lines = (deploy / "Dockerfile").read_text().splitlines()
    (named,) = [line.split()[1] for line in lines if line.startswith("USER ")]
    uid, gid = named.split(":")
    return int(uid), int(gid)
