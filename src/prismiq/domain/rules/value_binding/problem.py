"""Why a value cannot be bound."""

from typing import Any

from prismiq.domain.rules.displayed_text import shown_value


class ValueProblem(Exception):  # noqa: N818 - it becomes a FieldProblem, no error of ours
    """Raised by the rules of this package and caught by the planner, which knows the field.

    ``path`` says which part of the value is meant: nothing, ``[3]`` or ``.start``.
    """

    def __init__(
        self, code: str, message: str, suggestion: str | None = None, *, path: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion
        self.path = path

    def at(self, path: str) -> "ValueProblem":
        """Return the same problem of a part of the value."""
        return ValueProblem(self.code, self.message, self.suggestion, path=path + self.path)


def wrong_type(expected: str, value: Any, suggestion: str | None = None) -> ValueProblem:
    """Return the problem of a value that is of another kind than ``expected`` says."""
    message = f"Expected {expected}, got {shown_value(value)}."
    return ValueProblem("wrong_type", message, suggestion)


def out_of_range(message: str) -> ValueProblem:
    """Return the problem of a value that the type cannot hold."""
    return ValueProblem("value_out_of_range", message)
