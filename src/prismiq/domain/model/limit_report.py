"""How a client stands, as operators see it."""

from pydantic import Field

from prismiq.domain.model.strict_model import Listed, StrictModel


class WindowReport(StrictModel):
    """One window of one policy. Times are in seconds."""

    window: str = Field(description="`burst`, `minute` or `hour`.")
    limit: int = Field(description="Requests that fit an untouched window.")
    period: int = Field(description="The window's length.")
    remaining: int = Field(description="Requests that fit now.")
    full_in: float = Field(description="After so long without requests it is untouched again.")


class PolicyReport(StrictModel):
    """One policy."""

    policy: str
    windows: Listed[WindowReport]


class LimitReport(StrictModel):
    """One client in all policies."""

    client: str
    policies: Listed[PolicyReport]
