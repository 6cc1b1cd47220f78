"""The dashboard and the rules ask for metrics, labels and values that really exist."""

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.contracts.metrics_sink import EVENTS

from prismiq.adapters.prometheus.families import FAMILIES
from prismiq.adapters.prometheus.metrics import Metrics
from prismiq.adapters.prometheus.metrics_sink import PrometheusMetricsSink
from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.observations import CacheTier, LimitOutcome, QueryOutcome

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARD = DEPLOY / "grafana" / "prismiq.json"

OF_EVERY_TARGET = {"job", "instance"}
SELECTOR = re.compile(r"\b(prismiq_\w+)(?:\{([^}]*)\})?")
RECORDED = re.compile(r"\bprismiq:[\w:]+")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*(?:"([^"]*)"|\'([^\']*)\')')
LABEL_LISTS = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")
QUANTILE = re.compile(r"histogram_quantile\(\s*[\d.]+,\s*sum by \(([^)]*)\)")


def expressions() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]
            runbook = rule.get("annotations", {}).get("runbook", "")
            for query in re.findall(r'"(sum[^"]*)"', runbook):
                yield f"the runbook of {rule['alert']}", query
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"the variable {variable['name']}", variable["definition"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


@pytest.fixture(scope="module")
def exposed() -> dict[str, dict[str, set[str]]]:
    """Every sample's name, its labels and their values, after everything has happened."""
    metrics = Metrics()
    sink = PrometheusMetricsSink(metrics)
    for event in EVENTS.values():
        event(sink)
    for query_outcome in QueryOutcome:
        sink.query_finished(query_outcome, 1)
    for outcome, tier in product(CacheOutcome, (*CacheTier, None)):
        sink.answer_given(outcome, tier)
    for reason in MissReason:
        sink.entry_missed(reason)
    for decision in LimitOutcome:
        sink.limit_decided("default", decision)
    sink.request_finished("POST", "/api/query/execute", 503, 1)
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(metrics.format_prometheus()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_asks_for_what_there_is(
    exposed: dict[str, dict[str, set[str]]], where: str, expression: str
) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert set(RECORDED.findall(expression)) <= recorded
    available = set(OF_EVERY_TARGET)
    for name, matchers in SELECTOR.findall(expression):
        assert name in exposed, f"{where}: there is no {name}"
        available |= set(exposed[name])
        for label, operator, *quoted in MATCHER.findall(matchers):
            if label in OF_EVERY_TARGET:
                continue
            pattern = "".join(quoted)
            assert label in exposed[name], f"{where}: {name} has no label {label}"
            for alternative in pattern.split("|") if operator == "=~" else [pattern]:
                values = exposed[name][label]
                assert any(re.fullmatch(alternative, value) for value in values), (
                    f"{where}: {label} is never {alternative!r}"
                )
    if RECORDED.search(expression):
        available |= {"endpoint"}  # see test_recorded_series_keep_the_labels_that_are_asked_for
    asked = {name.strip() for names in LABEL_LISTS.findall(expression) for name in names.split(",")}
    assert asked - {""} <= available, where
    for names in QUANTILE.findall(expression):
        assert "le" in names, f"{where}: a quantile needs the buckets"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_recorded_series_keep_the_labels_that_are_asked_for() -> None:
    by_name = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
    assert "endpoint" in by_name["prismiq:request_duration_seconds:p99_rate5m"]
    assert "job, instance" in by_name["prismiq:pool_in_use:ratio"]


def test_every_alert_says_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    for alert in alerts:
        assert set(alert["annotations"]) == {"summary", "description", "runbook"}
        assert alert["annotations"]["runbook"].startswith("1. ")
        assert alert["labels"]["severity"] in {"warning", "critical"}
    asked_for = {"ErrorRateHigh", "LatencyHigh", "CacheHitRatioFalling", "BreakerOpen"}
    asked_for |= {"PoolSaturated", "StaleServed"}
    assert {f"Prismiq{name}" for name in asked_for} <= {alert["alert"] for alert in alerts}


def test_the_dashboard_shows_every_metric() -> None:
    shown = DASHBOARD.read_text()
    assert [name for name in FAMILIES if name not in shown] == []


def test_panels_have_different_ids_and_do_not_overlap() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23
    assert all(panel["type"] == "row" or panel["description"] for panel in panels)


def test_every_panel_asks_the_chosen_data_source_and_targets() -> None:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            selectors = SELECTOR.findall(target["expr"])
            assert selectors
            for name, matchers in selectors:
                assert 'job=~"$job", instance=~"$instance"' in matchers, f"{panel['title']}: {name}"
