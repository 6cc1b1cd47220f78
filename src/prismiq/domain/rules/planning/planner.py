"""From a query to a plan, or to everything that is wrong with it."""

from collections.abc import Sequence
from datetime import datetime

from prismiq.domain.model.errors import QueryValidationError
from prismiq.domain.model.plan import Conjunction, Ordering, Predicate, QueryPlan, Source
from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.planning.conditions import plan_filters
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.fan_out import refuse_fan_out
from prismiq.domain.rules.planning.grouping import plan_grouping
from prismiq.domain.rules.planning.having import plan_having
from prismiq.domain.rules.planning.joins import plan_joins
from prismiq.domain.rules.planning.ordering import plan_ordering
from prismiq.domain.rules.planning.outputs import plan_outputs
from prismiq.domain.rules.planning.size import check_paging, is_small_enough
from prismiq.domain.rules.planning.sources import resolve_sources
from prismiq.domain.rules.planning.time_series import check_time_series, plan_gap_filling
from prismiq.domain.rules.schema_view import SchemaView


def plan_query(
    query: QueryDefinition,
    view: SchemaView,
    limits: QueryLimits,
    scope: Scope,
    now: datetime,
) -> QueryPlan:
    """Return the plan of a query.

    Args:
        query: what the caller asks.
        view: what the caller may see.
        limits: how large the query may be.
        scope: on whose behalf; its time zone decides when days begin.
        now: the present moment, aware; relative dates are resolved against it.

    Raises:
        QueryValidationError: the query does not fit; it holds all problems at once.
    """
    context = PlanningContext(view, limits, scope, now)
    plan = _plan(query, context) if is_small_enough(query, context) else None
    if plan is None or context.problems:
        raise QueryValidationError(context.problems)
    return plan


def _plan(query: QueryDefinition, context: PlanningContext) -> QueryPlan | None:
    """Take all steps in order. Each goes on after a problem, to find the others too."""
    check_paging(query, context)
    resolve_sources(query.tables, context)
    joins = plan_joins(query.joins, context)
    placed = plan_outputs(query, context)
    outputs = [item.output for item in placed]
    grouping = plan_grouping(query, placed, context)
    predicates = plan_filters(query.filters, context)
    having, hidden_measures = plan_having(query.having, outputs, context)
    shows_all_keys = query.distinct or query.time_series is not None
    ordering = plan_ordering(query.order_by, outputs, () if shows_all_keys else grouping, context)
    check_time_series(query, placed, context)
    if joins is not None:
        refuse_fan_out([*placed, *hidden_measures], joins, context)
    filling = plan_gap_filling(query.time_series, outputs, predicates, context)
    if context.problems or joins is None:
        return None
    most = context.limits.max_rows
    return QueryPlan(
        sources=_sources(query, context),
        joins=joins,
        outputs=tuple(outputs),
        predicate=_all_of(predicates),
        grouping=grouping,
        having=_all_of(having),
        ordering=ordering or ((Ordering(0),) if query.time_series is not None else ()),
        # Filled rows differ in their bucket and series already.
        distinct=query.distinct and filling is None,
        limit=most if query.limit is None else min(query.limit, most),
        offset=query.offset or 0,
        gap_filling=filling,
    )


def _sources(query: QueryDefinition, context: PlanningContext) -> tuple[Source, ...]:
    tables = (context.table(position).schema for position in range(len(query.tables)))
    return tuple(Source(table.schema_name, table.name) for table in tables)


def _all_of(predicates: Sequence[Predicate]) -> Predicate | None:
    if len(predicates) < 2:
        return predicates[0] if predicates else None
    return Conjunction(tuple(predicates))
