"""From decisions to what operators read."""

from collections.abc import Mapping

from prismiq.domain.model.limit_report import LimitReport, PolicyReport, WindowReport
from prismiq.domain.model.rate_limits import SECOND, Decision
from prismiq.domain.rules.token_bucket import standings


def limit_report(client: str, decisions: Mapping[str, Decision]) -> LimitReport:
    """Return how a client stands.

    Args:
        client: whom the decisions are about.
        decisions: of each policy, made without charging anything.
    """
    policies = [
        PolicyReport(policy=policy, windows=_windows(decision))
        for policy, decision in decisions.items()
    ]
    return LimitReport(client=client, policies=policies)


def _windows(decision: Decision) -> list[WindowReport]:
    return [
        WindowReport(
            window=standing.name,
            limit=standing.limit,
            period=standing.period // SECOND,
            remaining=standing.remaining,
            full_in=standing.full_in / SECOND,
        )
        for standing in standings(decision)
    ]
