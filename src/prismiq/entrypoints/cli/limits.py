"""``prismiq limits``: how a client stands with its limits, and forgetting what it owes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias

import typer
from rich.text import Text

from prismiq.domain.model.errors import ConfigurationError
from prismiq.domain.model.limit_report import LimitReport
from prismiq.domain.rules.limit_reports import limit_report
from prismiq.domain.services.client_limits import ClientLimits
from prismiq.entrypoints.cli.cells import visible
from prismiq.entrypoints.cli.table_format import plain_table
from prismiq.entrypoints.cli.terminal import messages, print_table
from prismiq.entrypoints.settings import Settings
from prismiq.entrypoints.shared_rate_limiter import SharedRateLimiter

Client: TypeAlias = Annotated[
    str, typer.Argument(help="As limiters name clients: ip:203.0.113.7, ip:2001:db8::/64.")
]

limits = typer.Typer(help="See and reset clients' limits, where servers share them in Redis.")


@limits.command()
def peek(client: Client) -> None:
    """Show how a client stands; looking costs it nothing."""
    report = asyncio.run(_peek(client))
    table = plain_table("policy", "window", "remaining", "limit", "untouched in")
    for policy in report.policies:
        for window in policy.windows:
            table.add_row(
                Text(policy.policy),
                Text(window.window),
                Text(f"{window.remaining:,}"),
                Text(f"{window.limit:,}"),
                Text(f"{window.full_in:,.1f} s"),
            )
    print_table(table)


@limits.command()
def reset(client: Client) -> None:
    """Forget what a client owes."""
    asyncio.run(_reset(client))
    messages.print(f"Nothing is held against {visible(client)} any more.")


async def _peek(client: str) -> LimitReport:
    async with _shared_limits() as clients:
        return limit_report(client, await clients.peek(client))


async def _reset(client: str) -> None:
    async with _shared_limits() as clients:
        await clients.reset(client)


@asynccontextmanager
async def _shared_limits() -> AsyncIterator[ClientLimits]:
    settings = Settings()
    if settings.redis_url is None:
        raise ConfigurationError(
            "PRISMIQ_REDIS_URL is not set: without it limits are in the memory of the server."
            " Ask the server itself: GET /api/limits/{client}, with the operators' token."
        )
    limiter = SharedRateLimiter(settings.rate_limits(), settings.redis_url)
    try:
        yield ClientLimits([limiter])
    finally:
        await limiter.close()
