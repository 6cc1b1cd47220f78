"""What the ready-made server and the command line read from the environment."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from prismiq.domain.model.errors import ConfigurationError
from prismiq.entrypoints.limit_options import LimitOptions
from prismiq.entrypoints.options import (
    EngineOptions,
    NameList,
    Seconds,
    configuration_error,
    split_list,
)

_PREFIX = "PRISMIQ_"
_TOKEN = re.compile(r"[!-~]+")


def _in_capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class Settings(EngineOptions, LimitOptions, BaseSettings):
    """Settings by environment variable (``PRISMIQ_QUERY_TIMEOUT``) or keyword argument.

    Besides these there are all options of the engine. Lists are separated by commas,
    ``PRISMIQ_SCHEMA_CONFIG`` is JSON, and an empty variable counts as not set.

    Raises:
        ConfigurationError: a setting is missing or wrong; the one sentence names it.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    exposed_tables: Annotated[NameList | None, NoDecode] = None
    trusted_proxies: Annotated[NameList, NoDecode] = ()
    """Networks whose ``X-Forwarded-For`` is believed."""
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)] = ()
    """Origins whose pages may call the server from a browser; ``*`` for all."""
    drain_seconds: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] = 5.0
    """For load balancers to notice that the server ends, before it stops to listen."""
    shutdown_timeout: Seconds = 15.0
    """For running queries to finish after that; then they are cancelled."""
    max_body_bytes: Annotated[int, Field(ge=1)] = 1024 * 1024
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_in_capitals)
    ] = "INFO"
    log_format: Literal["json", "console"] = "json"
    admin_token: SecretStr | None = None
    """What operators send as ``Authorization: Bearer``; None: there are no routes for them."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise configuration_error(error, _PREFIX) from None
        except SettingsError:  # the only setting that is parsed before it is checked
            raise ConfigurationError(f"{_PREFIX}SCHEMA_CONFIG must be a JSON object.") from None

    @field_validator("admin_token")
    @classmethod
    def _fits_a_header(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("must be visible ASCII characters without spaces")
        return token

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                raise ValueError("must list origins such as https://app.example.com, or *")
        return origins
