"""On whose behalf a query runs."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_serializer, field_validator

from prismiq.domain.model.storable_text import is_storable
from prismiq.domain.model.strict_model import StrictModel

DEFAULT_TENANT = "default"
"""Everybody, where nobody tells tenants apart."""

_SETTING_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")


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


def _no_claims() -> Mapping[str, str]:
    return MappingProxyType({})


class Scope(StrictModel):
    """Tenant, schema, claims and time zone of one caller.

    A scope is made by the integrator's code, never from what a client merely says. ``claims``
    reach PostgreSQL as transaction-local settings for row-level security policies: the claim
    ``user_id`` is read there with ``current_setting('prismiq.user_id')``; a claim whose name has
    a dot keeps it. The tenant is always ``current_setting('prismiq.tenant')``.
    """

    tenant: Annotated[str, Field(min_length=1, max_length=200)] = DEFAULT_TENANT
    schema_name: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """The PostgreSQL schema that unqualified tables live in; None: the engine's default."""
    claims: Annotated[Mapping[str, str], Field(strict=False)] = Field(default_factory=_no_claims)
    """Kept read-only and sorted by name."""
    timezone: str = "UTC"
    """The IANA zone in which days begin for this caller."""

    @field_validator("tenant", "schema_name")
    @classmethod
    def _plain_text(cls, value: str | None) -> str | None:
        if value is not None and not is_storable(value):
            raise ValueError("must not contain NUL characters or lone surrogates")
        return value

    @field_validator("claims")
    @classmethod
    def _setting_names(cls, claims: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in claims.items():
            if not _SETTING_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a lower-case setting name")
            if not is_storable(value):
                raise ValueError(f"{name!r} must not hold NUL characters or lone surrogates")
        return MappingProxyType(dict(sorted(claims.items())))

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        return require_timezone(value)

    @field_serializer("claims")
    def _as_object(self, claims: Mapping[str, str]) -> dict[str, str]:
        return dict(claims)

    def __hash__(self) -> int:
        return hash((self.tenant, self.schema_name, tuple(self.claims.items()), self.timezone))
