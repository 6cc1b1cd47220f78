"""The command as a whole: version, help, the OpenAPI document, a missing extra."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").stdout == f"prismiq {version('prismiq')}\n"


@pytest.mark.parametrize(
    "command", ["demo", "serve", "check", "schema", "query", "cache", "changes", "openapi"]
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    done = run(command, "--help")

    assert done.returncode == 0
    assert f"prismiq {command}" in done.stdout


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    done = run("sevre")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_openapi_document_needs_no_database_and_no_settings(run: Run) -> None:
    done = run("openapi")

    assert (done.returncode, done.stderr) == (0, "")
    assert "/api/query/execute" in json.loads(done.stdout)["paths"]


@pytest.mark.parametrize("missing", ["typer", "rich", "uvicorn"])
def test_without_its_packages_the_command_says_what_to_install(
    missing: str, tmp_path: Path
) -> None:
    """A package of that name that cannot be imported stands for one that is not there."""
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from prismiq.entrypoints.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr == ("The command line needs more packages: pip install 'prismiq[server]'.\n")
