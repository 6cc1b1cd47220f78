"""The manifests fit one another, the image, the server and the restricted profile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from prismiq import Settings

BESIDE = {"kustomization.yaml", "secret.example.yaml", "podmonitor.yaml"}
LABELS = {"app.kubernetes.io/name": "prismiq"}


@pytest.fixture
def manifests(deploy: Path) -> dict[str, Any]:
    """What is applied, by kind."""
    folder = deploy / "kubernetes"
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert {path.name for path in folder.iterdir()} == {*names, *BESIDE}
    documents = [yaml.safe_load((folder / name).read_text()) for name in names]
    return {document["kind"]: document for document in documents}


@pytest.fixture
def pod(manifests: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = manifests["Deployment"]["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    assert isinstance(only, dict)
    return only


def test_everything_is_about_the_same_pods(manifests: dict[str, Any]) -> None:
    deployment = manifests["Deployment"]["spec"]
    assert deployment["template"]["metadata"]["labels"] == LABELS
    assert deployment["selector"] == {"matchLabels": LABELS}
    assert manifests["Service"]["spec"]["selector"] == LABELS
    assert manifests["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": LABELS}
    assert manifests["NetworkPolicy"]["spec"]["podSelector"] == {"matchLabels": LABELS}
    scaled = manifests["HorizontalPodAutoscaler"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == manifests["Deployment"]["metadata"]["name"]
    assert scaled["minReplicas"] >= 2
    assert "replicas" not in deployment


def test_the_probes_ask_what_the_server_answers(container: dict[str, Any], paths: set[str]) -> None:
    asked = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert {name: probe["path"] for name, probe in asked.items()} == {
        "startupProbe": "/health/startup",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }
    assert {probe["path"] for probe in asked.values()} <= paths
    assert {probe["port"] for probe in asked.values()} == {"http"}
    assert min(container[name]["timeoutSeconds"] for name in asked) > 1  # each answers in 1 s


def test_ports_are_those_that_the_command_listens_on(
    manifests: dict[str, Any],
    container: dict[str, Any],
    listens_on: Callable[[list[str]], tuple[str, int]],
) -> None:
    host, port_number = listens_on(container["args"])
    (port,) = container["ports"]
    assert (port["name"], port["containerPort"]) == ("http", port_number)
    assert host == "0.0.0.0"
    (offered,) = manifests["Service"]["spec"]["ports"]
    assert offered["targetPort"] == "http"
    (entrance,) = manifests["NetworkPolicy"]["spec"]["ingress"]
    assert [entry["port"] for entry in entrance["ports"]] == ["http"]


def test_prometheus_finds_the_metrics(
    manifests: dict[str, Any], container: dict[str, Any], deploy: Path, paths: set[str]
) -> None:
    notes = manifests["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    monitor = yaml.safe_load((deploy / "kubernetes" / "podmonitor.yaml").read_text())
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert notes["prometheus.io/path"] == endpoint["path"] == "/metrics"
    assert "/metrics" in paths
    assert notes["prometheus.io/port"] == str(container["ports"][0]["containerPort"])
    assert endpoint["port"] == container["ports"][0]["name"]


def test_it_keeps_to_the_restricted_profile(
    manifests: dict[str, Any],
    pod: dict[str, Any],
    container: dict[str, Any],
    image_user: tuple[int, int],
) -> None:
    labels = manifests["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert (context["runAsUser"], context["runAsGroup"]) == image_user
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    (volume,) = pod["volumes"]
    assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": "/tmp"}]


def test_what_it_refers_to_exists(
    manifests: dict[str, Any], pod: dict[str, Any], container: dict[str, Any], deploy: Path
) -> None:
    secret = yaml.safe_load((deploy / "kubernetes" / "secret.example.yaml").read_text())
    assert container["envFrom"] == [
        {"configMapRef": {"name": manifests["ConfigMap"]["metadata"]["name"]}},
        {"secretRef": {"name": secret["metadata"]["name"]}},
    ]
    assert pod["serviceAccountName"] == manifests["ServiceAccount"]["metadata"]["name"]


def test_it_is_given_the_time_to_end(
    manifests: dict[str, Any], pod: dict[str, Any], deploy: Path
) -> None:
    secret = yaml.safe_load((deploy / "kubernetes" / "secret.example.yaml").read_text())
    given = manifests["ConfigMap"]["data"] | secret["stringData"]
    settings = Settings(
        **{name.removeprefix("PRISMIQ_").lower(): value for name, value in given.items()}
    )
    assert settings.shutdown_timeout >= settings.query_timeout
    needed = settings.drain_seconds + settings.shutdown_timeout + 5
    assert pod["terminationGracePeriodSeconds"] >= needed
    assert (
        settings.drain_seconds
        > 2
        * manifests["Deployment"]["spec"]["template"]["spec"]["containers"][0]["readinessProbe"][
            "periodSeconds"
        ]
    )


def test_memory_is_bounded(container: dict[str, Any]) -> None:
    resources = container["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}
