"""What an engine can be told, however it is told: in Python or by the environment."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.schema_config import SchemaConfig
from prismiq.domain.model.scope import require_timezone


def split_list(value: Any) -> Any:
    """Turn ``"a, b"`` into its parts; leave everything else as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


NameList: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(split_list)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class EngineOptions(BaseModel):
    """Checked arguments of ``PrismiqEngine``, which documents them. Times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr
    exposed_tables: NameList | None = None
    schema_config: SchemaConfig | None = None
    default_schema: Annotated[str, Field(min_length=1, max_length=63)] = "public"
    timezone: str = "UTC"
    schema_cache_ttl: Seconds = 3600.0
    cache_ttl: Annotated[float, Field(ge=0, le=31_536_000, allow_inf_nan=False)] | None = 300.0
    cache_max_stale: Annotated[float, Field(ge=0, le=31_536_000, allow_inf_nan=False)] = 3600.0
    cache_max_bytes: Annotated[int, Field(ge=1024 * 1024)] = 64 * 1024 * 1024
    slow_query_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1000.0
    query_timeout: Seconds = 30.0
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    pool_min_size: Annotated[int, Field(ge=1, le=1_000)] = 1
    pool_max_size: Annotated[int, Field(ge=1, le=1_000)] = 10
    pool_acquire_timeout: Seconds = 5.0
    change_feed: Literal["off", "notify", "poll"] = "off"
    change_poll_seconds: Annotated[float, Field(ge=0.1, le=3_600, allow_inf_nan=False)] = 1.0
    enable_metrics: bool = True
    tracing: Literal["off", "otel"] = "off"
    redis_url: SecretStr | None = None
    queries_per_client: Annotated[int, Field(ge=1, le=1_000)] | None = None

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must look like postgresql://user:password@host:5432/database")
        return value

    @field_validator("timezone")
    @classmethod
    def _is_known_timezone(cls, value: str) -> str:
        try:
            return require_timezone(value)
        except ValueError:
            raise ValueError("must be an IANA time zone such as 'Europe/Berlin'") from None

    @field_validator("pool_max_size")
    @classmethod
    def _holds_the_smallest_pool(cls, value: int, info: ValidationInfo) -> int:
        smallest = info.data.get("pool_min_size", 1)
        if value < smallest:
            raise ValueError(f"must not be smaller than the smallest pool size, {smallest}")
        return value

    def engine_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``PrismiqEngine``."""
        return {name: getattr(self, name) for name in EngineOptions.model_fields}


def checked_options(**values: Any) -> EngineOptions:
    """Return the options.

    Raises:
        ConfigurationError: one is wrong; the message names it.
    """
    try:
        return EngineOptions.model_validate(values)
    except ValidationError as error:
        raise configuration_error(error) from None


def configuration_error(error: ValidationError, prefix: str = "") -> ConfigurationError:
    """Return one sentence about the first thing that is wrong. It holds no value.

    Args:
        error: what pydantic found.
        prefix: of environment variables, where the options came from there.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    name = _name_of(first["loc"], prefix)
    if first["type"] == "missing":
        return ConfigurationError(f"{name} is not set.")
    if first["type"] == "extra_forbidden":
        return ConfigurationError(f"There is no setting {name}.")
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input should ")
    reason = reason if reason.startswith("must ") else f"must {reason}"
    return ConfigurationError(f"{name} {reason}.")


def _name_of(location: Iterable[int | str], prefix: str) -> str:
    name = str(next(iter(location), "a setting"))
    return f"{prefix}{name}".upper() if prefix else name
