"""Refusals by rate limits as problem documents."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from prismiq.adapters.http.problems import problem_response
from prismiq.adapters.http.request_id import add_request_id
from prismiq.domain.model.rate_limits import SECOND, Decision, Verdict, WindowStanding
from prismiq.domain.rules.limit_headers import retry_after
from prismiq.domain.rules.token_bucket import standings

_PERIODS = {"burst": "second", "minute": "minute", "hour": "hour"}


def respond_to_refusal(
    verdict: Verdict, policy: str, headers: Mapping[str, str], request_id: str
) -> Response:
    """Return the answer to a request that was refused, or that nobody could decide about."""
    if isinstance(verdict, Decision):
        response = _too_many_requests(verdict, policy, headers, request_id)
    else:
        response = problem_response(
            503,
            "rate_limit_unavailable",
            "Requests cannot be counted at the moment. Try again in a few seconds.",
            request_id,
            headers=headers,
            members={"retry_after": int(headers["Retry-After"])},
        )
    add_request_id(response.raw_headers, request_id)
    return response


def _too_many_requests(
    decision: Decision, policy: str, headers: Mapping[str, str], request_id: str
) -> Response:
    violated = [window for window in standings(decision) if window.wait]
    allowances = " and ".join(f"{w.limit:,} in one {_PERIODS[w.name]}" for w in violated)
    seconds = retry_after(tuple(violated))
    return problem_response(
        429,
        "rate_limited",
        f"Too many requests: there may be {allowances}."
        f" Try again in {seconds:,} second{'s' if seconds > 1 else ''}.",
        request_id,
        headers=headers,
        members={
            "retry_after": seconds,
            "policy": policy,
            "violated": [_described(window) for window in violated],
        },
    )


def _described(window: WindowStanding) -> dict[str, Any]:
    return {
        "window": window.name,
        "limit": window.limit,
        "period": window.period // SECOND,
        "retry_after": retry_after((window,)),
    }
