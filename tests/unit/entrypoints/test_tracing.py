"""Tracing is wired where it is wanted, and costs nothing where it is not."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import opentelemetry.trace
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import ProxyTracerProvider

from prismiq import ConfigurationError, PrismiqEngine, Settings, create_app
from prismiq.adapters.opentelemetry.tracer import OpenTelemetryTracer
from prismiq.adapters.postgres.query_runner import PostgresQueryRunner
from prismiq.adapters.system.no_tracing import NoTracing
from prismiq.domain.services.traced_query_runner import TracedQueryRunner
from prismiq.entrypoints.tracing import export_spans

URL = "postgresql://ann@127.0.0.1:1/shop"

SERVER = f"""
import builtins, sys
{{prelude}}
import prismiq
from prismiq.entrypoints.tracing import export_spans
settings = prismiq.Settings(database_url="{URL}", tracing="{{tracing}}")
export_spans(settings)
prismiq.create_app(settings)
print([name for name in sys.modules if name.startswith("prismiq.adapters.opentelemetry")])
"""

NOT_INSTALLED = """
known = builtins.__import__
def without_opentelemetry(name, globals=None, *rest):
    importer = (globals or {}).get("__name__", "")
    if name.startswith("opentelemetry") and importer.startswith("prismiq"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return known(name, globals, *rest)
builtins.__import__ = without_opentelemetry
"""
"""Newer versions of FastAPI bring OpenTelemetry's API along; what counts is what we import."""


def serve(prelude: str, tracing: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SERVER.format(prelude=prelude, tracing=tracing)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("prelude", ["", NOT_INSTALLED], ids=["installed", "not installed"])
def test_nothing_of_opentelemetry_is_needed_unless_it_is_wanted(prelude: str) -> None:
    done = serve(prelude, "off")
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_where_it_is_wanted_and_missing_the_start_says_what_to_install() -> None:
    done = serve(NOT_INSTALLED, "otel")
    assert done.returncode == 1
    assert "Tracing needs OpenTelemetry: pip install 'prismiq[otel]'." in done.stderr


def test_the_framework_tells_nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its spans have query strings, and its logs the texts of exceptions."""
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "FASTAPI_OTEL_AUTO_CONFIGURE"):
        monkeypatch.setenv(name, "true")
    app = create_app(Settings(database_url=URL, tracing="otel"))
    told = getattr(app, "_telemetry", {})  # older versions of FastAPI tell nothing at all
    signals = ("tracing", "metrics", "logs", "operation_spans", "auto_configure")
    assert [name for name in signals if told.get(name)] == []


def test_an_engine_traces_its_queries_when_told_to() -> None:
    engine = PrismiqEngine(URL, tracing="otel")
    assert isinstance(engine.tracer, OpenTelemetryTracer)
    assert isinstance(engine._container.runner(), TracedQueryRunner)


def test_an_engine_that_does_not_trace_has_no_layer_for_it() -> None:
    engine = PrismiqEngine(URL)
    assert isinstance(engine.tracer, NoTracing)
    assert isinstance(engine._container.runner(), PostgresQueryRunner)


def test_an_unknown_way_of_tracing_is_refused() -> None:
    unknown: Any = "jaeger"
    with pytest.raises(ConfigurationError, match=r"tracing must be 'off' or 'otel'\."):
        PrismiqEngine(URL, tracing=unknown)


@pytest.fixture
def no_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process in which nobody has configured OpenTelemetry."""
    monkeypatch.setattr(opentelemetry.trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(opentelemetry.trace._TRACER_PROVIDER_SET_ONCE, "_done", False)
    yield
    provider = opentelemetry.trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


@pytest.mark.usefixtures("no_provider")
def test_our_own_server_sends_spans_under_a_name_that_can_be_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,team=data")
    export_spans(Settings(database_url=URL, tracing="otel"))
    provider = opentelemetry.trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    resource = provider.resource.attributes
    assert (resource["service.name"], resource["team"]) == ("shop", "data")
    assert resource["service.version"]


@pytest.mark.usefixtures("no_provider")
def test_a_provider_that_is_there_already_stays() -> None:
    theirs = TracerProvider(shutdown_on_exit=False)
    opentelemetry.trace.set_tracer_provider(theirs)
    export_spans(Settings(database_url=URL, tracing="otel"))
    assert opentelemetry.trace.get_tracer_provider() is theirs


@pytest.mark.usefixtures("no_provider")
def test_where_tracing_is_off_opentelemetry_is_not_configured() -> None:
    export_spans(Settings(database_url=URL))
    assert isinstance(opentelemetry.trace.get_tracer_provider(), ProxyTracerProvider)


@pytest.mark.usefixtures("no_provider")
def test_without_the_exporter_a_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delitem(sys.modules, "prismiq.adapters.opentelemetry.exporting", raising=False)
    exporter = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, exporter, None)
    export_spans(Settings(database_url=URL, tracing="otel"))
    assert "pip install 'prismiq[otlp]'" in caplog.text
