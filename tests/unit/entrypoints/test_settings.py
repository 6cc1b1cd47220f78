"""Settings come from the environment; a wrong one is named in one sentence, without its value."""

import os

import pytest
from pydantic import SecretStr

from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.rate_limits import OutagePolicyName, RateLimitConfig
from prismiq.entrypoints.settings import Settings

URL = "postgresql://ann:S3CRET@db.example.com/shop"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PRISMIQ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PRISMIQ_DATABASE_URL", URL)


def test_everything_but_the_database_has_a_default() -> None:
    settings = Settings()
    assert settings.database_url.get_secret_value() == URL
    assert settings.exposed_tables is None
    assert settings.schema_config is None
    assert settings.default_schema == "public"
    assert settings.timezone == "UTC"
    assert settings.schema_cache_ttl == 3600
    assert settings.query_timeout == 30
    assert settings.max_rows == 10_000
    assert (settings.pool_min_size, settings.pool_max_size) == (1, 10)
    assert settings.pool_acquire_timeout == 5
    assert settings.tracing == "off"
    assert (settings.change_feed, settings.change_poll_seconds) == ("off", 1)
    assert settings.redis_url is None
    assert settings.cors_origins == ()
    assert settings.enable_metrics is True
    assert settings.max_body_bytes == 1024 * 1024
    assert (settings.drain_seconds, settings.shutdown_timeout) == (5, 15)
    assert settings.admin_token is None
    assert settings.rate_limit_enabled
    assert settings.rate_limits() == RateLimitConfig()
    assert not settings.rate_limit_shadow
    assert settings.rate_limit_outage is OutagePolicyName.LOCAL_SHARE
    assert settings.rate_limit_replicas == 1
    assert settings.trusted_proxies == ()
    assert settings.queries_per_client is None


def test_every_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "REDIS_URL": "redis://:S3CRET@cache/0",
        "EXPOSED_TABLES": "flights, ops.crew ,",
        "SCHEMA_CONFIG": '{"tables": {"flights": {"hidden": true}}}',
        "DEFAULT_SCHEMA": "analytics",
        "TIMEZONE": "Europe/Berlin",
        "SCHEMA_CACHE_TTL": "60",
        "QUERY_TIMEOUT": "2.5",
        "MAX_ROWS": "500",
        "POOL_MIN_SIZE": "3",
        "POOL_MAX_SIZE": "5",
        "POOL_ACQUIRE_TIMEOUT": "0.5",
        "TRACING": "otel",
        "ENABLE_METRICS": "false",
        "CHANGE_FEED": "poll",
        "CHANGE_POLL_SECONDS": "0.5",
        "MAX_BODY_BYTES": "2048",
        "DRAIN_SECONDS": "0",
        "SHUTDOWN_TIMEOUT": "2.5",
        "ADMIN_TOKEN": "S3CRET",
        "RATE_LIMIT_ENABLED": "false",
        "RATE_LIMIT_BURST": "3",
        "RATE_LIMIT_PER_MINUTE": "30",
        "RATE_LIMIT_PER_HOUR": "300",
        "RATE_LIMIT_SHADOW": "true",
        "RATE_LIMIT_OUTAGE": "closed",
        "RATE_LIMIT_REPLICAS": "4",
        "TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8, unix",
        "QUERIES_PER_CLIENT": "5",
        "CORS_ORIGINS": "https://a.example.com,http://localhost:3000",
    }.items():
        monkeypatch.setenv(f"PRISMIQ_{name}", value)
    settings = Settings()
    assert settings.redis_url == SecretStr("redis://:S3CRET@cache/0")
    assert settings.exposed_tables == ("flights", "ops.crew")
    assert settings.schema_config is not None
    assert settings.schema_config.tables["flights"].hidden
    assert settings.default_schema == "analytics"
    assert settings.timezone == "Europe/Berlin"
    assert settings.schema_cache_ttl == 60
    assert settings.query_timeout == 2.5
    assert settings.max_rows == 500
    assert (settings.pool_min_size, settings.pool_max_size) == (3, 5)
    assert settings.pool_acquire_timeout == 0.5
    assert settings.tracing == "otel"
    assert settings.enable_metrics is False
    assert (settings.change_feed, settings.change_poll_seconds) == ("poll", 0.5)
    assert settings.max_body_bytes == 2048
    assert (settings.drain_seconds, settings.shutdown_timeout) == (0, 2.5)
    assert settings.admin_token == SecretStr("S3CRET")
    assert not settings.rate_limit_enabled
    assert settings.rate_limits() == RateLimitConfig(
        burst_limit=3, requests_per_minute=30, requests_per_hour=300
    )
    assert settings.rate_limit_shadow
    assert settings.rate_limit_outage is OutagePolicyName.CLOSED
    assert settings.rate_limit_replicas == 4
    assert settings.trusted_proxies == ("10.0.0.0/8", "fd00::/8", "unix")
    assert settings.queries_per_client == 5
    assert settings.cors_origins == ("https://a.example.com", "http://localhost:3000")


def test_arguments_win_over_the_environment() -> None:
    settings = Settings(database_url="postgres://localhost/other", max_rows=7)
    assert settings.database_url.get_secret_value() == "postgres://localhost/other"
    assert settings.max_rows == 7


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRISMIQ_MAX_ROWS", "")
    monkeypatch.setenv("PRISMIQ_REDIS_URL", "")
    assert Settings().max_rows == 10_000
    assert Settings().redis_url is None


def test_variables_of_later_versions_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRISMIQ_SOMETHING_NEW", "1")
    Settings()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "", "PRISMIQ_DATABASE_URL is not set."),
        (
            "DATABASE_URL",
            "mysql://ann:S3CRET@db/shop",
            "PRISMIQ_DATABASE_URL must look like postgresql://user:password@host:5432/database.",
        ),
        ("QUERY_TIMEOUT", "S3CRET", None),
        ("QUERY_TIMEOUT", "0", "PRISMIQ_QUERY_TIMEOUT must be greater than 0."),
        ("QUERY_TIMEOUT", "-1", "PRISMIQ_QUERY_TIMEOUT must be greater than 0."),
        ("QUERY_TIMEOUT", "nan", "PRISMIQ_QUERY_TIMEOUT must be a finite number."),
        ("QUERY_TIMEOUT", "inf", None),
        ("MAX_ROWS", "0", "PRISMIQ_MAX_ROWS must be greater than or equal to 1."),
        ("MAX_ROWS", "1.5", None),
        (
            "POOL_MIN_SIZE",
            "11",
            "PRISMIQ_POOL_MAX_SIZE must not be smaller than the smallest pool size, 11.",
        ),
        (
            "TIMEZONE",
            "Mars/Olympus",
            "PRISMIQ_TIMEZONE must be an IANA time zone such as 'Europe/Berlin'.",
        ),
        (
            "CHANGE_FEED",
            "S3CRET",
            "PRISMIQ_CHANGE_FEED must be 'off', 'notify' or 'poll'.",
        ),
        ("CHANGE_POLL_SECONDS", "0", None),
        ("SCHEMA_CONFIG", "S3CRET", None),
        ("SCHEMA_CONFIG", '{"tables": 3}', None),
        (
            "CORS_ORIGINS",
            "S3CRET",
            "PRISMIQ_CORS_ORIGINS must list origins such as https://app.example.com, or *.",
        ),
        ("TRACING", "S3CRET", "PRISMIQ_TRACING must be 'off' or 'otel'."),
        ("DRAIN_SECONDS", "-1", "PRISMIQ_DRAIN_SECONDS must be greater than or equal to 0."),
        ("DRAIN_SECONDS", "inf", None),
        ("SHUTDOWN_TIMEOUT", "0", "PRISMIQ_SHUTDOWN_TIMEOUT must be greater than 0."),
        ("MAX_BODY_BYTES", "0", "PRISMIQ_MAX_BODY_BYTES must be greater than or equal to 1."),
        (
            "RATE_LIMIT_BURST",
            "0",
            "PRISMIQ_RATE_LIMIT_BURST must be greater than or equal to 1.",
        ),
        ("RATE_LIMIT_PER_HOUR", "-1", None),
        ("RATE_LIMIT_ENABLED", "perhaps", None),
        (
            "RATE_LIMIT_OUTAGE",
            "S3CRET",
            "PRISMIQ_RATE_LIMIT_OUTAGE must be 'open', 'closed' or 'local_share'.",
        ),
        ("RATE_LIMIT_REPLICAS", "0", None),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8,S3CRET",
            "PRISMIQ_TRUSTED_PROXIES must list networks such as 10.0.0.0/8, or unix.",
        ),
        ("QUERIES_PER_CLIENT", "0", None),
        (
            "ADMIN_TOKEN",
            "S3CRET with spaces",
            "PRISMIQ_ADMIN_TOKEN must be visible ASCII characters without spaces.",
        ),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str | None
) -> None:
    monkeypatch.setenv(f"PRISMIQ_{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        Settings()
    message = caught.value.message
    assert message.endswith(".")
    assert f"PRISMIQ_{name}" in message or name == "POOL_MIN_SIZE"
    assert "\n" not in message
    if sentence is not None:
        assert message == sentence
    assert "S3CRET" not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no setting PRISMIQ_MAX_ROW\."):
        Settings(max_row=7)


def test_secrets_are_not_shown() -> None:
    settings = Settings(redis_url="redis://:S3CRET@cache/0")
    assert "S3CRET" not in repr(settings) + str(settings) + settings.model_dump_json()
