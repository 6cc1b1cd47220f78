"""The Compose file is complete, bounded, and shows nothing to the network."""

import re
from pathlib import Path
from typing import Any

from prismiq import Settings

SERVICES = {"postgres", "redis", "prismiq", "prometheus", "grafana"}


def test_every_service_is_watched_and_bounded(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == SERVICES
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name


def test_ours_writes_to_tmp_alone(compose: dict[str, Any]) -> None:
    ours = compose["services"]["prismiq"]
    assert (ours["read_only"], ours["tmpfs"], ours["cap_drop"]) == (True, ["/tmp"], ["ALL"])
    assert "user" not in ours  # the image's own, who is not root


def test_nothing_listens_to_other_machines(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    published = [port for service in services for port in service.get("ports", [])]
    assert len(published) == 3
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_nobody_starts_before_what_it_needs_is_healthy(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert needed in services
            assert set(service["networks"]) & set(services[needed]["networks"])
    assert set(services["prismiq"]["depends_on"]) == {"postgres", "redis"}


def test_images_of_others_are_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if "build" not in service:
            assert re.fullmatch(r"[\w/-]+:v?\d[\w.-]*", service["image"]), name


def test_what_is_built_and_mounted_exists(compose: dict[str, Any], deploy: Path) -> None:
    build = compose["services"]["prismiq"]["build"]
    assert (deploy / build["context"] / build["dockerfile"]).samefile(deploy / "Dockerfile")
    mounts = [v for service in compose["services"].values() for v in service.get("volumes", [])]
    for mount in mounts:
        source, _, rest = mount.partition(":")
        if source.startswith("."):
            assert (deploy / source).exists() or source == "./grafana/prismiq.json"
            assert rest.endswith(":ro")
        else:
            assert source in compose["volumes"]


def test_every_variable_is_in_the_example(deploy: Path) -> None:
    named = set(re.findall(r"(?<!\$)\$\{(\w+)", (deploy / "compose.yml").read_text()))
    lines = (deploy / ".env.example").read_text().splitlines()
    given = dict(line.split("=") for line in lines if line and not line.startswith("#"))
    assert named == set(given)
    assert all(re.fullmatch(r"change[A-Z][a-z]+", value) for value in given.values())


def test_it_is_given_the_time_to_end(compose: dict[str, Any]) -> None:
    ours = compose["services"]["prismiq"]
    given = {
        name.removeprefix("PRISMIQ_").lower(): value
        for name, value in ours["environment"].items()
        if "$" not in value
    }
    settings = Settings(database_url="postgresql://ann@127.0.0.1:1/shop", **given)
    grace = int(ours["stop_grace_period"].removesuffix("s"))
    assert settings.shutdown_timeout >= settings.query_timeout
    assert grace >= settings.drain_seconds + settings.shutdown_timeout + 5


def test_its_health_check_asks_what_the_server_answers(
    compose: dict[str, Any], paths: set[str]
) -> None:
    command = compose["services"]["prismiq"]["healthcheck"]["test"]
    assert command[:3] == ["CMD", "python", "-c"]
    compile(command[3], "healthcheck", "exec")
    (url,) = re.findall(r'"(http://[^"]+)"', command[3])
    assert url.removeprefix("http://127.0.0.1:8000") in paths
