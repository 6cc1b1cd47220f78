"""Which adapters announce the database's changes, and make it announce them."""

from prismiq.adapters.postgres.change_triggers import PostgresChangeTriggers
from prismiq.adapters.postgres.notify_feed import PostgresNotifyFeed
from prismiq.adapters.postgres.polling_feed import PostgresPollingFeed
from prismiq.domain.services.answer_cache import AnswerCache
from prismiq.domain.services.cache_statistics import CacheStatistics
from prismiq.domain.services.change_installation import ChangeInstallation
from prismiq.domain.services.change_listener import ChangeListener
from prismiq.entrypoints.options import EngineOptions
from prismiq.ports.change_feed import ChangeFeed
from prismiq.ports.clock import Clock
from prismiq.ports.dependency_source import DependencySource
from prismiq.ports.metrics_sink import MetricsSink


def change_feed(options: EngineOptions, clock: Clock) -> ChangeFeed | None:
    """Return the feed that the options name; None where it is off."""
    dsn = options.database_url.get_secret_value()
    match options.change_feed:
        case "notify":
            return PostgresNotifyFeed(dsn)
        case "poll":
            return PostgresPollingFeed(dsn, clock, interval=options.change_poll_seconds)
        case "off":
            return None


def change_listener(
    feed: ChangeFeed | None,
    answers: AnswerCache | None,
    statistics: CacheStatistics,
    metrics: MetricsSink,
) -> ChangeListener | None:
    """Return what makes kept answers invalid; None where nothing is kept or announced."""
    if feed is None or answers is None:
        return None

    async def invalidate(names: frozenset[str]) -> None:
        statistics.count_invalidation(await answers.invalidate(names))

    async def invalidate_all() -> None:
        statistics.count_invalidation(await answers.invalidate_all())

    return ChangeListener(feed, invalidate, invalidate_all, metrics)


def change_installation(
    options: EngineOptions, dependencies: DependencySource
) -> ChangeInstallation:
    """Return what makes tables of the options' database announce their changes."""
    triggers = PostgresChangeTriggers(options.database_url.get_secret_value())
    return ChangeInstallation(triggers, dependencies)
