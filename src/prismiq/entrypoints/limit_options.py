"""What the ready-made server can be told about limits."""

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from prismiq.adapters.http.client_identity import ClientIdentity
from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.rate_limits import Allowance, OutagePolicyName, RateLimitConfig
from prismiq.entrypoints.options import NameList


class LimitOptions(BaseModel):
    """Checked settings about limits."""

    rate_limit_enabled: bool = True
    rate_limit_per_minute: Allowance = 60
    rate_limit_per_hour: Allowance = 1000
    rate_limit_burst: Allowance = 10
    """Requests in one second."""
    rate_limit_shadow: bool = False
    """Whether limits are only watched: decided and counted, and nobody is refused."""
    rate_limit_outage: OutagePolicyName = OutagePolicyName.LOCAL_SHARE
    """What becomes of requests while Redis cannot be reached."""
    rate_limit_replicas: Annotated[int, Field(ge=1, le=100_000)] = 1
    """How many processes share the limits: ``local_share`` gives each such a part."""
    trusted_proxies: NameList = ()
    """Networks whose ``X-Forwarded-For`` is believed."""

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        try:
            ClientIdentity(proxies)
        except ConfigurationError:
            raise ValueError("must list networks such as 10.0.0.0/8, or unix") from None
        return proxies

    def rate_limits(self) -> RateLimitConfig:
        """Return the limits of one client."""
        return RateLimitConfig(
            requests_per_minute=self.rate_limit_per_minute,
            requests_per_hour=self.rate_limit_per_hour,
            burst_limit=self.rate_limit_burst,
        )
