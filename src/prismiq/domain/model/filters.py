"""Conditions of a query: single ones and nested AND, OR and NOT groups."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from prismiq.domain.model.strict_model import Listed, StrictModel

FilterOperator: TypeAlias = Literal[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "in_",
    "not_in",
    "in_or_null",
    "like",
    "ilike",
    "not_like",
    "not_ilike",
    "between",
    "is_null",
    "is_not_null",
    "date_relative",
    "not_date_relative",
    "date_window",
]

DatePreset: TypeAlias = Literal[
    "today",
    "yesterday",
    "last_7_days",
    "last_14_days",
    "last_30_days",
    "last_90_days",
    "last_365_days",
    "this_week",
    "last_week",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
    "month_to_date",
    "quarter_to_date",
    "year_to_date",
]


def _frozen(value: Any) -> Any:
    """Turn lists into tuples and mappings into copies, so that a filter cannot change later."""
    if isinstance(value, (list, tuple)):
        return tuple(value)
    return dict(value) if isinstance(value, dict) else value


ConditionValue: TypeAlias = Annotated[Any, BeforeValidator(_frozen)]


class FilterDefinition(StrictModel):
    """One condition on one column, before aggregation.

    ``value`` depends on ``operator``: one scalar for comparisons and patterns; a list for
    ``in_``, ``not_in`` and ``in_or_null``; ``[low, high]``, both included, for ``between``;
    nothing for the null tests; the number of days, today included, for ``date_relative`` and
    its negation; a preset name or ``{"start": …, "end": …}`` (end excluded) for
    ``date_window``. Days begin in the scope's time zone. As in SQL, a null value satisfies no
    condition but ``is_null`` and ``in_or_null``.
    """

    table_id: str
    column: str
    operator: FilterOperator
    value: ConditionValue = None


class AllOf(StrictModel):
    """True where every member is true: ``{"and": [...]}``."""

    members: Listed["FilterNode"] = Field(alias="and")


class AnyOf(StrictModel):
    """True where at least one member is true: ``{"or": [...]}``."""

    members: Listed["FilterNode"] = Field(alias="or")


class Not(StrictModel):
    """True where the member is false: ``{"not": …}``. Unknown (null) stays unknown, as in SQL."""

    member: "FilterNode" = Field(alias="not")


def _node_kind(node: Any) -> str:
    """Name the group by its key, so that problems speak of one shape and not of four."""
    if isinstance(node, dict):
        return next((key for key in ("and", "or", "not") if key in node), "filter")
    for kind, key in ((AllOf, "and"), (AnyOf, "or"), (Not, "not")):
        if isinstance(node, kind):
            return key
    return "filter"


FilterNode: TypeAlias = Annotated[
    Annotated[FilterDefinition, Tag("filter")]
    | Annotated[AllOf, Tag("and")]
    | Annotated[AnyOf, Tag("or")]
    | Annotated[Not, Tag("not")],
    Discriminator(_node_kind),
]

AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()
