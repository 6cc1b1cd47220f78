"""On whose behalf a query runs."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator

from prismiq.domain.model.strict_model import StrictModel

_SETTING_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")


def _sorted_pairs(claims: Any) -> Any:
    return tuple(sorted(claims.items())) if isinstance(claims, Mapping) else claims


def require_timezone(name: str) -> str:
    """Return ``name`` when it is a time zone of the IANA database.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("not an IANA time zone such as 'Europe/Berlin'") from error
    return name


class Scope(StrictModel):
    """Tenant, schema, claims and time zone of one caller.

    A scope is made by the integrator's code, never from what a client merely says. ``claims``
    reach PostgreSQL as transaction-local settings for row-level security policies: the claim
    ``user_id`` is read there with ``current_setting('prismiq.user_id')``; a claim whose name has
    a dot keeps it. The tenant is always ``current_setting('prismiq.tenant')``.
    """

    tenant: Annotated[str, Field(min_length=1, max_length=200)] = "default"
    schema_name: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """The PostgreSQL schema that unqualified tables live in; None: the engine's default."""
    claims: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_sorted_pairs)] = ()
    """Given as a mapping, kept as sorted pairs, so that equal scopes are equal values."""
    timezone: str = "UTC"
    """The IANA zone in which days begin for this caller."""

    @field_validator("tenant", "schema_name")
    @classmethod
    def _plain_text(cls, value: str | None) -> str | None:
        if value is not None and not _is_storable(value):
            raise ValueError("must not contain NUL characters or lone surrogates")
        return value

    @field_validator("claims")
    @classmethod
    def _setting_names(cls, claims: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for name, value in claims:
            if not _SETTING_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a lower-case setting name")
            if not _is_storable(value):
                raise ValueError(f"{name!r} must not hold NUL characters or lone surrogates")
        return claims

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        return require_timezone(value)


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
