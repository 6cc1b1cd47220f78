"""Step 6: conditions on aggregates."""

from collections.abc import Sequence

from prismiq.domain.model.plan import Aggregate, Output, Predicate
from prismiq.domain.model.query import ColumnSelection, HavingDefinition
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.conditions import Operand, plan_condition
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.planning.outputs import PlacedOutput, plan_output


def plan_having(
    conditions: Sequence[HavingDefinition], outputs: Sequence[Output], context: PlanningContext
) -> tuple[list[Predicate], list[PlacedOutput]]:
    """Resolve the conditions; return them and the aggregates that only they compute."""
    predicates, hidden = [], []
    for index, condition in enumerate(conditions):
        location = f"having[{index}]"
        if condition.table_id is None:
            output = _aggregate_called(condition.column, outputs, location, context)
        else:
            measure = _aggregate_of(condition.table_id, condition, location, context)
            hidden += [measure] if measure is not None else []
            output = None if measure is None else measure.output
        if output is not None:
            operand = Operand(output.expression, output.name, output.data_type, output.family)
            predicate = plan_condition(
                operand, condition.operator, condition.value, location, context
            )
            if predicate is not None:
                predicates.append(predicate)
    return predicates, hidden


def _aggregate_called(
    name: str, outputs: Sequence[Output], location: str, context: PlanningContext
) -> Output | None:
    aggregates = {o.name: o for o in outputs if isinstance(o.expression, Aggregate)}
    if name in aggregates:
        return aggregates[name]
    context.report(
        f"{location}.column",
        "unknown_alias",
        f"No aggregated result column is called {shown(name)}.",
        context.did_you_mean(name, aggregates)
        or "Name an aggregate by its alias, or give table_id, column and aggregation.",
    )
    return None


def _aggregate_of(
    table_id: str, condition: HavingDefinition, location: str, context: PlanningContext
) -> PlacedOutput | None:
    if condition.aggregation == "none":
        context.report(
            f"{location}.aggregation",
            "having_needs_aggregate",
            "A condition in 'having' compares an aggregate.",
            "Choose an aggregation, or move the condition to 'filters'.",
        )
        return None
    selection = ColumnSelection(
        table_id=table_id,
        column=condition.column,
        aggregation=condition.aggregation,
        percentile=condition.percentile,
        alias=f"{condition.aggregation} of a column",
    )
    return plan_output(selection, location, context)
