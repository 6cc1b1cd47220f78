"""What validation says about a query."""

from prismiq.domain.model.strict_model import Listed, StrictModel


class FieldProblem(StrictModel):
    """One thing that is wrong with one field."""

    code: str
    """Stable and machine-readable, such as ``column_not_found``."""
    message: str
    """A sentence for people."""
    field: str | None = None
    """Where it is, such as ``filters[0].column``."""
    suggestion: str | None = None
    """What was probably meant, or what to do instead."""


class ValidationResult(StrictModel):
    """All problems of a query at once."""

    valid: bool
    errors: Listed[FieldProblem] = ()
