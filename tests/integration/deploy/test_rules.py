"""Prometheus accepts the rules, and they fire when they should and not before."""

import subprocess
from collections.abc import Callable
from pathlib import Path

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules.yml"
SCENARIOS = Path(__file__).with_name("rules_test.yml")


def test_promtool_accepts_the_rules(program: Callable[[str], Path]) -> None:
    done = subprocess.run(
        [program("promtool"), "check", "rules", RULES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "FAILED" not in done.stdout
    assert done.stderr == ""


def test_alerts_fire_when_they_should(program: Callable[[str], Path], tmp_path: Path) -> None:
    scenarios = tmp_path / "rules_test.yml"
    scenarios.write_text(SCENARIOS.read_text().replace("RULES", str(RULES)))
    done = subprocess.run(
        [program("promtool"), "test", "rules", scenarios],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
