"""Each contract in .importlinter breaks when the tree violates it, and holds as the tree is."""

import configparser
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Violation:
    """A line that breaks ``contract`` when it is put into ``file``."""

    contract: str
    file: str
    line: str


VIOLATIONS = [
    Violation("rings", "adapters/system/clock.py", "import prismiq.entrypoints"),
    Violation("rings", "domain/model/scope.py", "import prismiq.adapters.system.clock"),
    Violation("rings", "ports/clock.py", "import prismiq.adapters.system.clock"),
    Violation("rings", "stray/__init__.py", '"""A room that the plan does not have."""'),
    Violation("hexagon", "ports/clock.py", "import prismiq.domain.services.query_service"),
    Violation("hexagon", "ports/clock.py", "import prismiq.domain.rules"),
    Violation("hexagon", "domain/rules/suggestions.py", "import prismiq.ports.clock"),
    Violation("hexagon", "domain/model/scope.py", "import prismiq.domain.rules.suggestions"),
    Violation("hexagon-complete", "domain/stray.py", '"""A room that the plan does not have."""'),
    Violation("no-cycles", "domain/model/strict_model.py", "import prismiq.domain.model.scope"),
    Violation("public-face", "domain/model/scope.py", "from prismiq import __doc__ as face"),
    Violation("pure-core", "domain/model/scope.py", "import time"),
    Violation("pure-core", "domain/model/scope.py", "from os import environ"),
    Violation("pure-core", "domain/rules/suggestions.py", "import random"),
    Violation("pure-core", "domain/rules/suggestions.py", "import asyncio.events"),
    Violation("pure-core", "domain/rules/suggestions.py", "import orjson"),
    Violation("quiet-services", "domain/services/query_service.py", "import pydantic"),
    Violation("quiet-services", "domain/services/query_service.py", "from time import monotonic"),
    Violation("plain-ports", "ports/clock.py", "import asyncio"),
    Violation("plain-ports", "ports/clock.py", "import pydantic"),
    Violation(
        "independent-adapters",
        "adapters/redis/__init__.py",
        "import prismiq.adapters.system.clock",
    ),
    Violation(
        "driven-adapters",
        "adapters/system/clock.py",
        "import prismiq.domain.services.query_service",
    ),
    Violation("postgres-home", "adapters/embedded/server.py", "import asyncpg"),
    Violation("postgres-home", "entrypoints/engine.py", "from asyncpg import connect"),
    Violation("redis-home", "entrypoints/container.py", "import redis.asyncio"),
    Violation("tracing-home", "entrypoints/engine.py", "from opentelemetry import trace"),
    Violation("http-home", "domain/services/query_service.py", "import starlette"),
    Violation("http-home", "entrypoints/engine.py", "from fastapi import FastAPI"),
    Violation("prometheus-home", "adapters/http/metrics_router.py", "import prometheus_client"),
    Violation(
        "prometheus-home", "entrypoints/container.py", "from prometheus_client import Counter"
    ),
    Violation("wiring-home", "entrypoints/engine.py", "import dependency_injector.providers"),
    Violation("settings-home", "entrypoints/engine.py", "import pydantic_settings"),
    Violation("terminal-home", "entrypoints/engine.py", "import rich"),
    Violation("terminal-home", "entrypoints/asgi.py", "import uvicorn"),
    Violation("terminal-home", "adapters/http/__init__.py", "import typer"),
    Violation("development-stays-out", "adapters/postgres/compiler.py", "import sqlglot"),
]


def declared_contracts() -> list[str]:
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return [name.removeprefix(prefix) for name in configuration if name.startswith(prefix)]


def copy_of_the_tree(target: Path) -> Path:
    for folder in ("src", "tools"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, target / folder, ignore=ignored)
    shutil.copy(ROOT / ".importlinter", target)
    return target


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the copy: its ``src`` comes before the installed package."""
    chosen = [argument for name in contracts for argument in ("--contract", name)]
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--no-logo", "--no-cache", *chosen],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_violated_here() -> None:
    assert {violation.contract for violation in VIOLATIONS} == set(declared_contracts())


def test_the_tree_as_it_is_keeps_all_contracts(tmp_path: Path) -> None:
    done = lint(copy_of_the_tree(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(declared_contracts())} kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    "violation", VIOLATIONS, ids=lambda violation: f"{violation.contract}: {violation.file}"
)
def test_a_violation_breaks_its_contract(violation: Violation, tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path)
    file = tree / "src" / "prismiq" / violation.file
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as text:
        text.write(f"\n{violation.line}\n")

    done = lint(tree, violation.contract)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "0 kept, 1 broken" in done.stdout
