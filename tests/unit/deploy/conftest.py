"""What is in ``deploy/``, and what it has to fit."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import yaml

from prismiq import Settings, create_app

ROOT = Path(__file__).parents[3]
MACHINES_ASK = ("/health", "/health/live", "/health/ready", "/health/startup", "/metrics")
ListensOn: TypeAlias = Callable[[list[str]], tuple[str, int]]


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
def listens_on() -> ListensOn:
    """Return where ``prismiq serve …`` listens; fails where it does not know the arguments."""

    def understand(arguments: list[str]) -> tuple[str, int]:
        assert arguments[0] == "serve"
        done = subprocess.run(
            [Path(sys.executable).with_name("prismiq"), *arguments, "--help"],
            env={"COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        given = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        default = re.search(r"--port .*\[default: (\d+)\]", done.stdout)
        assert default is not None
        return given["--host"], int(given.get("--port", default[1]))

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
