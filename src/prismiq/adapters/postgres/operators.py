"""Operators in SQL."""

from prismiq.domain.model.plan import Column, Expression
from prismiq.domain.model.type_family import TypeFamily

_CITEXT = ".citext"
_SYMBOLS = {"LIKE": "~~", "NOT LIKE": "!~~", "ILIKE": "~~*", "NOT ILIKE": "!~~*"}
"""What the keywords stand for: a qualified operator cannot be written as a word."""


def operator_for(operator: str, operand: Expression) -> str:
    """Return the operator of the operand's own type.

    ``citext`` has operators of its own in the schema of its extension, which is not on the
    search path. Unqualified they would be those of text, which heed case.
    """
    if (
        isinstance(operand, Column)
        and operand.family is TypeFamily.TEXT
        and operand.data_type.endswith(_CITEXT)
    ):
        symbol = _SYMBOLS.get(operator, operator)
        return f"OPERATOR({operand.data_type.removesuffix(_CITEXT)}.{symbol})"
    return operator
