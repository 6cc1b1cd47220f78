"""Step 0: how large a query may be. Checked first, so that nothing later can be made slow."""

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.rules.planning.context import PlanningContext


def is_small_enough(query: QueryDefinition, context: PlanningContext) -> bool:
    """Report every list that is too long; filters are counted where they are planned."""
    limits = context.limits
    columns = len(query.columns) + (query.time_series is not None)
    pairs = len(query.joins) + sum(len(join.on) for join in query.joins)
    counted = (
        ("tables", "too_many_tables", "tables", len(query.tables), limits.max_joins + 1),
        ("joins", "too_many_joins", "joins and column pairs", pairs, 4 * limits.max_joins),
        ("joins", "too_many_joins", "joins", len(query.joins), limits.max_joins),
        ("columns", "too_many_columns", "columns", columns, limits.max_columns),
        ("group_by", "too_many_groups", "groups", len(query.group_by), limits.max_columns),
        ("having", "too_many_filters", "conditions", len(query.having), limits.max_filters),
        ("order_by", "too_many_sorts", "sort keys", len(query.order_by), limits.max_sorts),
    )
    for location, code, name, count, most in counted:
        if count > most:
            context.report(location, code, f"The query has {count} {name}; at most {most} go.")
    if columns == 0:
        context.report(
            "columns",
            "no_columns",
            "The query selects no column.",
            "Add at least one column, or count the rows with column '*' and aggregation 'count'.",
        )
    return not context.problems


def check_paging(query: QueryDefinition, context: PlanningContext) -> None:
    """Report a limit or an offset that makes no sense. A limit that is too large is only cut."""
    if query.limit is not None and query.limit < 1:
        context.report(
            "limit",
            "limit_out_of_range",
            "'limit' must be at least 1.",
            "Leave 'limit' out to get as many rows as allowed.",
        )
    most = context.limits.max_offset
    if query.offset is not None and not 0 <= query.offset <= most:
        context.report(
            "offset",
            "offset_out_of_range",
            f"'offset' must be between 0 and {most}.",
            "To reach rows far behind, filter by a sorted column instead.",
        )
