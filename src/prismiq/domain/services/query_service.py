"""Answering queries: plan, compile, run."""

from prismiq.domain.model.cached_answer import CacheOutcome
from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.plan import QueryPlan
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.result import CompiledSql, EncodedResult, PlanEstimate
from prismiq.domain.model.scope import Scope
from prismiq.domain.model.validation import ValidationResult
from prismiq.domain.rules.planning.planner import plan_query
from prismiq.domain.rules.schema_view import SchemaView
from prismiq.domain.services.prepared_queries import PreparedQueries
from prismiq.domain.services.query_observer import QueryObserver, Statement
from prismiq.domain.services.schema_catalog import SchemaCatalog
from prismiq.ports.clock import Clock
from prismiq.ports.query_compiler import QueryCompiler
from prismiq.ports.query_runner import QueryRunner


class QueryService:
    """Validates, compiles, runs and estimates queries on behalf of a scope.

    Args:
        catalog: what queries may name.
        compiler: turns plans into statements.
        runner: asks the database.
        clock: resolves relative dates.
        limits: how large a query and its answer may be.
        observer: measures what reaches the database.
    """

    def __init__(
        self,
        catalog: SchemaCatalog,
        compiler: QueryCompiler,
        runner: QueryRunner,
        clock: Clock,
        *,
        limits: QueryLimits,
        observer: QueryObserver,
    ) -> None:
        self._catalog = catalog
        self._compiler = compiler
        self._runner = runner
        self._clock = clock
        self._limits = limits
        self._observer = observer
        self._prepared = PreparedQueries(compiler, clock, limits)

    async def validate(self, query: QueryDefinition, scope: Scope) -> ValidationResult:
        """Return all problems of a query. Raises as ``SchemaCatalog.view``."""
        return self._verdict(query, await self._catalog.view(scope), scope)

    def validate_known(self, query: QueryDefinition, scope: Scope) -> ValidationResult:
        """Return all problems of a query, without waiting.

        Raises:
            SchemaNotLoadedError: the schema was not read yet for this scope.
        """
        return self._verdict(query, self._catalog.known_view(scope), scope)

    async def compile(self, query: QueryDefinition, scope: Scope) -> CompiledSql:
        """Return the statement a query becomes, without running it.

        Raises:
            QueryValidationError: the query does not fit. Also raises as ``SchemaCatalog.view``.
        """
        plan, _ = await self._plan(query, scope)
        compiled = self._compiler.compile(plan)
        return CompiledSql(sql=compiled.sql, parameters=list(compiled.parameters))

    async def execute(self, query: QueryDefinition, scope: Scope) -> EncodedResult:
        """Return the answer, still encoded.

        Raises:
            QueryValidationError: the query does not fit. Also raises as ``QueryRunner.run`` and
                ``SchemaCatalog.view``.
        """
        return await self.execute_in(await self._catalog.view(scope), query, scope)

    async def execute_in(
        self,
        view: SchemaView,
        query: QueryDefinition,
        scope: Scope,
        cache: CacheOutcome = CacheOutcome.BYPASS,
    ) -> EncodedResult:
        """Return the answer to a query that means what it means in ``view``.

        ``cache`` is for the log record. Raises as ``execute``.
        """
        prepared = self._prepared.prepare(query, view, scope)
        plan, compiled = prepared.plan, prepared.compiled
        with self._catalog.relied_on(view, scope):
            run = self._runner.run(compiled, scope=scope, limit=plan.limit)
            statement = Statement(compiled, plan.sources, scope, cache)
            batch, seconds = await self._observer.watch(run, statement)
        return EncodedResult(plan.outputs, batch, round(seconds * 1000, 3))

    def require_valid(self, query: QueryDefinition, view: SchemaView, scope: Scope) -> None:
        """Return where the query fits.

        Raises:
            QueryValidationError: it does not.
        """
        self._prepared.prepare(query, view, scope)

    async def explain(self, query: QueryDefinition, scope: Scope) -> PlanEstimate:
        """Return what the database expects a query to cost, without running it.

        Raises as ``execute``.
        """
        plan, view = await self._plan(query, scope)
        compiled = self._compiler.compile(plan)
        with self._catalog.relied_on(view, scope):
            return await self._runner.estimate(compiled, scope=scope)

    async def _plan(self, query: QueryDefinition, scope: Scope) -> tuple[QueryPlan, SchemaView]:
        view = await self._catalog.view(scope)
        return self._plan_against(view, query, scope), view

    def _plan_against(self, view: SchemaView, query: QueryDefinition, scope: Scope) -> QueryPlan:
        return plan_query(query, view, self._limits, scope, self._clock.now())

    def _verdict(self, query: QueryDefinition, view: SchemaView, scope: Scope) -> ValidationResult:
        try:
            self._plan_against(view, query, scope)
        except QueryValidationError as error:
            return ValidationResult(valid=False, errors=tuple(error.problems))
        return ValidationResult(valid=True)
