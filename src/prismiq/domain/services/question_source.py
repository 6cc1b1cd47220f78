"""Turning queries into what the cache is asked."""

from abc import abstractmethod
from typing import Protocol

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.services.answer_cache import Question


class QuestionSource(Protocol):
    """Names answers and what they depend on; with a database behind it or without."""

    @abstractmethod
    async def question(
        self, query: QueryDefinition, scope: Scope, *, ttl: float | None = None
    ) -> Question | None:
        """Return what the cache is asked; None: the answer to this query is never kept.

        ``ttl`` is in seconds; None is the usual time.

        Raises:
            QueryValidationError: the query does not fit the schema, where that is known.
            ValueError: ``ttl`` is negative or not finite.
        """

    @abstractmethod
    def key(self, query: QueryDefinition, scope: Scope) -> str:
        """Return the name of the query's answer, without waiting. Raises as ``question``."""

    @abstractmethod
    def version_names(self, table: str) -> frozenset[str]:
        """Return the names under which a change of ``table`` or ``schema.table`` is announced."""
