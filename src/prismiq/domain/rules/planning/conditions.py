"""Step 5: filters and conditions on aggregates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prismiq.domain.model.filters import (
    AllOf,
    AnyOf,
    FilterDefinition,
    FilterNode,
    FilterOperator,
    Not,
)
from prismiq.domain.model.plan import (
    Comparison,
    ComparisonOperator,
    Conjunction,
    Constant,
    Disjunction,
    Expression,
    Membership,
    Negation,
    NullTest,
    PatternMatch,
    Predicate,
    Range,
)
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.planning.context import PlanningContext
from prismiq.domain.rules.type_capabilities import operators_for
from prismiq.domain.rules.value_binding.binding import bind_list, bind_pattern, bind_value
from prismiq.domain.rules.value_binding.problem import ValueProblem
from prismiq.domain.rules.value_binding.windows import bind_last_days, bind_window

_COMPARISONS: dict[FilterOperator, ComparisonOperator] = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
}


@dataclass(frozen=True, slots=True)
class Operand:
    """What a condition speaks of: an expression, its type, and its name for people."""

    expression: Expression
    name: str
    data_type: str
    family: TypeFamily
    enum_values: tuple[str, ...] | None = None


def plan_filters(filters: Sequence[FilterNode], context: PlanningContext) -> list[Predicate]:
    """Resolve the filters, which are joined by AND; those with problems are left out."""
    if not _are_within_limits(filters, context):
        return []
    planned = (_plan_node(node, f"filters[{index}]", context) for index, node in enumerate(filters))
    return [predicate for predicate in planned if predicate is not None]


def _are_within_limits(filters: Sequence[FilterNode], context: PlanningContext) -> bool:
    """Count before any work is done, without recursion, so that no filter can be too deep."""
    conditions, deepest = 0, 0
    waiting: list[tuple[FilterNode, int]] = [(node, 1) for node in filters]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(node, FilterDefinition):
            conditions += 1
        elif isinstance(node, Not):
            waiting.append((node.member, depth + 1))
        else:
            waiting.extend((member, depth + 1) for member in node.members)
    limits = context.limits
    if conditions > limits.max_filters:
        context.report(
            "filters",
            "too_many_filters",
            f"The query has {conditions} conditions; at most {limits.max_filters} are allowed.",
            "Replace many comparisons of one column by a list ('in_').",
        )
    if deepest > limits.max_filter_depth:
        context.report(
            "filters",
            "filters_too_deep",
            f"Filter groups are nested {deepest} deep; at most {limits.max_filter_depth} levels"
            " are allowed.",
        )
    return conditions <= limits.max_filters and deepest <= limits.max_filter_depth


def _plan_node(node: FilterNode, location: str, context: PlanningContext) -> Predicate | None:
    if isinstance(node, FilterDefinition):
        column = context.column(node.table_id, node.column, location)
        if column is None:
            return None
        labels = context.column_view(column).schema.enum_values
        operand = Operand(
            column,
            column.name,
            column.data_type,
            column.family,
            None if labels is None else tuple(labels),
        )
        return plan_condition(operand, node.operator, node.value, location, context)
    if isinstance(node, Not):
        member = _plan_node(node.member, f"{location}.not", context)
        return None if member is None else Negation(member)
    key = "and" if isinstance(node, AllOf) else "or"
    if not node.members:
        context.report(
            f"{location}.{key}", "empty_group", f"An '{key}' group needs at least one condition."
        )
        return None
    planned = [
        _plan_node(member, f"{location}.{key}[{index}]", context)
        for index, member in enumerate(node.members)
    ]
    members = tuple(predicate for predicate in planned if predicate is not None)
    return Disjunction(members) if isinstance(node, AnyOf) else Conjunction(members)


def plan_condition(
    operand: Operand,
    operator: FilterOperator,
    value: Any,
    location: str,
    context: PlanningContext,
) -> Predicate | None:
    """Resolve one condition; None when it has a problem, which is then in the context."""
    allowed = operators_for(operand.family)
    if operator not in allowed:
        context.report(
            f"{location}.operator",
            "operator_not_supported",
            f"{shown(operand.name)} ({operand.data_type}) cannot be filtered with '{operator}'.",
            f"Choose one of: {', '.join(sorted(allowed))}.",
        )
        return None
    try:
        return _ConditionBuilder(operand, context).build(operator, value)
    except ValueProblem as problem:
        where = f"{location}.value{problem.path}"
        context.report(where, problem.code, problem.message, problem.suggestion)
        return None


class _ConditionBuilder:
    """Binds the value of one condition the way its operator wants it.

    Every method raises ValueProblem when the value does not fit.
    """

    def __init__(self, operand: Operand, context: PlanningContext) -> None:
        self._operand = operand
        self._context = context

    def build(self, operator: FilterOperator, value: Any) -> Predicate:
        if operator in _COMPARISONS:
            return Comparison(
                self._operand.expression, _COMPARISONS[operator], self._bind(bind_value, value)
            )
        if operator in ("is_null", "is_not_null"):
            return self._null_test(operator, value)
        if operator in ("in_", "not_in", "in_or_null"):
            return self._membership(operator, value)
        if operator == "between":
            return self._between(value)
        if operator in ("date_relative", "not_date_relative", "date_window"):
            return self._date_range(operator, value)
        return PatternMatch(
            self._operand.expression,
            bind_pattern(value, limits=self._context.limits),
            ignore_case=operator.endswith("ilike"),
            negated=operator.startswith("not_"),
        )

    def _bind(self, bind: Callable[..., Constant], value: Any) -> Constant:
        return bind(
            value,
            data_type=self._operand.data_type,
            family=self._operand.family,
            enum_values=self._operand.enum_values,
            limits=self._context.limits,
            timezone=self._context.scope.timezone,
        )

    def _null_test(self, operator: FilterOperator, value: Any) -> Predicate:
        if value is not None:
            raise ValueProblem("value_not_expected", f"'{operator}' takes no value.")
        return NullTest(self._operand.expression, negated=operator == "is_not_null")

    def _membership(self, operator: FilterOperator, value: Any) -> Predicate:
        self._count(value)
        constant = self._bind(bind_list, value)
        expression = self._operand.expression
        if operator == "in_or_null":
            return Disjunction((Membership(expression, constant), NullTest(expression)))
        return Membership(expression, constant, negated=operator == "not_in")

    def _count(self, values: Any) -> None:
        limits = self._context.limits
        if not isinstance(values, tuple) or len(values) > limits.max_list_length:
            return  # refused when it is bound
        self._context.listed_values += len(values)
        if self._context.listed_values > limits.max_listed_values:
            raise ValueProblem(
                "too_many_values",
                f"All lists of a query together may have {limits.max_listed_values} values.",
            )

    def _between(self, value: Any) -> Predicate:
        if not isinstance(value, tuple) or len(value) != 2:
            raise ValueProblem("wrong_type", "'between' takes a list of two values: [low, high].")
        low, high = (self._bind(bind_value, end) for end in value)
        return Range(self._operand.expression, low, high, upper_included=True)

    def _date_range(self, operator: FilterOperator, value: Any) -> Predicate:
        operand, context = self._operand, self._context
        if operator == "date_window":
            lower, upper = bind_window(
                value,
                data_type=operand.data_type,
                family=operand.family,
                limits=context.limits,
                timezone=context.scope.timezone,
                now=context.now,
            )
        else:
            lower, upper = bind_last_days(
                value,
                data_type=operand.data_type,
                family=operand.family,
                timezone=context.scope.timezone,
                now=context.now,
            )
        within = Range(operand.expression, lower, upper, upper_included=False)
        return Negation(within) if operator == "not_date_relative" else within
