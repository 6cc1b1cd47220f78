"""The image can be built from this checkout, and runs as nobody in particular."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stages(deploy: Path) -> list[list[tuple[str, str]]]:
    """The instructions of each stage, with their arguments."""
    text = re.sub(r"\\\n\s*", " ", (deploy / "Dockerfile").read_text())
    found: list[list[tuple[str, str]]] = [[]]
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append((name, arguments.strip()))
    return found[1:]


def values(stage: list[tuple[str, str]], name: str) -> list[str]:
    return [arguments for instruction, arguments in stage if instruction == name]


def test_what_is_copied_exists_and_is_let_into_the_build(
    deploy: Path, stages: list[list[tuple[str, str]]]
) -> None:
    allowed = (deploy / "Dockerfile.dockerignore").read_text().split()
    copied = [name for line in values(stages[0], "COPY") for name in line.split()[:-1]]
    assert sorted(copied) == sorted(n.removeprefix("!") for n in allowed if n.startswith("!"))
    assert all((ROOT / name).exists() for name in copied)


def test_the_extras_exist(stages: list[list[tuple[str, str]]]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (install,) = [line for line in values(stages[0], "RUN") if " install " in line]
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", install)
    assert set(extras.split(",")) == {"server", "otlp"}
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


def test_it_takes_the_pinned_versions(stages: list[list[tuple[str, str]]]) -> None:
    (environment,) = values(stages[0], "ENV")
    assert "PIP_CONSTRAINT=/source/constraints.txt" in environment
    assert values(stages[0], "WORKDIR") == ["/source"]


def test_the_final_stage_installs_nothing_and_is_not_root(
    stages: list[list[tuple[str, str]]], image_user: tuple[int, int]
) -> None:
    final = stages[-1]
    assert all("install" not in line.replace("uninstall", "") for line in values(final, "RUN"))
    assert values(final, "USER") == ["{}:{}".format(*image_user)]
    assert min(image_user) >= 10_000
    assert values(final, "STOPSIGNAL") == ["SIGTERM"]


def test_it_starts_the_command_without_a_shell(
    stages: list[list[tuple[str, str]]], listens_on: Callable[[list[str]], tuple[str, int]]
) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (program,) = json.loads(values(stages[-1], "ENTRYPOINT")[0])
    assert program in scripts
    host, port = listens_on(json.loads(values(stages[-1], "CMD")[0]))
    assert host == "0.0.0.0"
    assert values(stages[-1], "EXPOSE") == [str(port)]


def test_its_health_check_asks_what_the_server_answers(
    stages: list[list[tuple[str, str]]], paths: set[str]
) -> None:
    (check,) = values(stages[-1], "HEALTHCHECK")
    command = json.loads(check.partition(" CMD ")[2])
    (url,) = re.findall(r"'(http://[^']+)'", command[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    assert url.removeprefix("http://127.0.0.1:8000") in paths
