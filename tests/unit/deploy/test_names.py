"""Every name in ``deploy/`` means something."""

import re
from pathlib import Path

import yaml

from prismiq import Settings


def test_every_setting_exists(deploy: Path) -> None:
    known = {f"PRISMIQ_{name.upper()}" for name in Settings.model_fields}
    # test_metric_names.py is about these two.
    files = {path for path in deploy.rglob("*") if path.is_file()}
    files -= {deploy / "prometheus" / "rules.yml", deploy / "grafana" / "prismiq.json"}
    named = {name for path in files for name in re.findall(r"PRISMIQ_[A-Z_]+", path.read_text())}
    assert named >= {"PRISMIQ_DATABASE_URL", "PRISMIQ_REDIS_URL", "PRISMIQ_ADMIN_TOKEN"}
    assert named <= known


def test_all_yaml_can_be_read(deploy: Path) -> None:
    files = [*deploy.rglob("*.yml"), *deploy.rglob("*.yaml")]
    assert len(files) > 10
    for path in files:
        assert list(yaml.safe_load_all(path.read_text())), path


def test_prometheus_reads_our_metrics_and_rules(deploy: Path, paths: set[str]) -> None:
    configuration = yaml.safe_load((deploy / "prometheus" / "prometheus.yml").read_text())
    assert configuration["rule_files"] == ["rules.yml"]
    (job,) = configuration["scrape_configs"]
    assert job["metrics_path"] in paths
    assert job["static_configs"] == [{"targets": ["prismiq:8000"]}]


def test_grafana_has_a_source_and_the_dashboard(deploy: Path) -> None:
    provisioning = deploy / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "prismiq.yml").read_text())[
        "providers"
    ]
    compose = yaml.safe_load((deploy / "compose.yml").read_text())
    mounts = [volume.split(":") for volume in compose["services"]["grafana"]["volumes"]]
    assert ["./grafana/prismiq.json", f"{provider['options']['path']}/prismiq.json", "ro"] in mounts
