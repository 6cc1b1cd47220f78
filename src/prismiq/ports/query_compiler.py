"""From a plan to a database's language."""

from abc import abstractmethod
from typing import Protocol

from prismiq.domain.model.plan import QueryPlan, SamplePlan
from prismiq.domain.model.result import CompiledQuery


class QueryCompiler(Protocol):
    """Total: every plan compiles. All values become parameters."""

    @abstractmethod
    def compile(self, plan: QueryPlan) -> CompiledQuery:
        """Return a statement that yields one row more than ``plan.limit`` where there are more."""

    @abstractmethod
    def compile_sample(self, plan: SamplePlan) -> CompiledQuery:
        """Return a statement that yields the sampled values in one column.

        Like ``compile`` it yields one row more than ``plan.limit`` where there are more.
        """
