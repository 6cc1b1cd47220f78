"""What happens, told to whoever counts."""

from abc import abstractmethod
from typing import Protocol

from prismiq.domain.model.cached_answer import CacheOutcome, MissReason
from prismiq.domain.model.observations import (
    CacheTier,
    CacheUsage,
    LimitOutcome,
    PoolUsage,
    QueryOutcome,
)


class MetricsSink(Protocol):
    """One method per event. None of them waits or raises: a metric never fails a request.

    Calls cost microseconds, since several belong to every request. Durations are in seconds.
    Names that are given are of a bounded number, or the adapter bounds them.
    """

    @abstractmethod
    def request_started(self, method: str, endpoint: str) -> None:
        """A request is under way; ``endpoint`` is the full route template."""

    @abstractmethod
    def request_finished(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Its last byte was sent, or nobody is there any more to get it."""

    @abstractmethod
    def query_finished(self, outcome: QueryOutcome, seconds: float) -> None:
        """A query that reached the database is over."""

    @abstractmethod
    def answer_given(self, outcome: CacheOutcome, tier: CacheTier | None) -> None:
        """A query was answered; ``tier`` says where from, None where it was computed."""

    @abstractmethod
    def entry_missed(self, reason: MissReason) -> None:
        """The cache could not answer."""

    @abstractmethod
    def flight_joined(self) -> None:
        """A caller waits for an answer that is being computed for another."""

    @abstractmethod
    def tables_invalidated(self, entries: int) -> None:
        """Answers were made unreachable, at most so many."""

    @abstractmethod
    def cache_write_failed(self) -> None:
        """An answer could not be kept."""

    @abstractmethod
    def store_changed(self, store: str, *, available: bool) -> None:
        """The way to a shared store was opened or closed by its breaker."""

    @abstractmethod
    def change_feed_changed(self, *, connected: bool) -> None:
        """The feed of the database's changes was connected or lost."""

    @abstractmethod
    def limit_decided(self, policy: str, outcome: LimitOutcome) -> None:
        """A limiter decided about a request."""

    @abstractmethod
    def log_lines_dropped(self, count: int) -> None:
        """So many lines could not be written and are lost."""

    @abstractmethod
    def pool_measured(self, usage: PoolUsage) -> None:
        """How the connections to the database are used at this moment."""

    @abstractmethod
    def cache_measured(self, usage: CacheUsage) -> None:
        """What the cache of this process holds at this moment."""
