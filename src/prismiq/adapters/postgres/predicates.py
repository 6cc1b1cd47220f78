"""SQL of conditions."""

from collections.abc import Sequence
from typing import TypeAlias

from prismiq.adapters.postgres.expressions import render_expression
from prismiq.adapters.postgres.operators import operator_for
from prismiq.adapters.postgres.parameters import Parameters
from prismiq.domain.model.plan import (
    Comparison,
    Conjunction,
    Disjunction,
    Membership,
    Negation,
    NullTest,
    PatternMatch,
    Predicate,
    Range,
)

_Condition: TypeAlias = Comparison | Membership | PatternMatch | NullTest | Range


def render_predicate(predicate: Predicate, parameters: Parameters) -> str:
    """Return the SQL of a condition, which can stand between AND and OR as it is."""
    match predicate:
        case Conjunction():
            return _render_group(predicate.members, " AND ", "TRUE", parameters)
        case Disjunction():
            return _render_group(predicate.members, " OR ", "FALSE", parameters)
        case Negation():
            return f"NOT ({render_predicate(predicate.member, parameters)})"
        case _:
            return _render_condition(predicate, parameters)


def _render_group(
    members: Sequence[Predicate], operator: str, empty: str, parameters: Parameters
) -> str:
    if not members:
        return empty
    return f"({operator.join([render_predicate(member, parameters) for member in members])})"


def _render_condition(condition: _Condition, parameters: Parameters) -> str:
    operand = render_expression(condition.operand, parameters)
    match condition:
        case Comparison():
            operator = operator_for(condition.operator, condition.operand)
            return f"{operand} {operator} {parameters.bind(condition.value)}"
        case Membership():
            operator = operator_for("<>" if condition.negated else "=", condition.operand)
            quantifier = "ALL" if condition.negated else "ANY"
            return f"{operand} {operator} {quantifier}({parameters.bind(condition.values)})"
        case PatternMatch():
            like = "ILIKE" if condition.ignore_case else "LIKE"
            operator = operator_for(f"NOT {like}" if condition.negated else like, condition.operand)
            return f"{operand} {operator} {parameters.bind(condition.pattern)}"
        case NullTest():
            return f"{operand} IS {'NOT ' if condition.negated else ''}NULL"
        case Range():
            return _render_range(condition, operand, parameters)


def _render_range(condition: Range, operand: str, parameters: Parameters) -> str:
    from_lower = operator_for(">=", condition.operand)
    to_upper = operator_for("<=" if condition.upper_included else "<", condition.operand)
    lower, upper = parameters.bind(condition.lower), parameters.bind(condition.upper)
    return f"({operand} {from_lower} {lower} AND {operand} {to_upper} {upper})"
