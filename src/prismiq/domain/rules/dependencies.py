"""What an answer depends on."""

from prismiq.domain.model.plan import QueryPlan, Source


def sources_read(plan: QueryPlan) -> tuple[Source, ...]:
    """Return the tables and views that a plan names, each once, in the order of their names.

    What a view reads in its turn is not known to a plan.
    """
    named = {(source.schema_name, source.table_name): source for source in plan.sources}
    return tuple(named[name] for name in sorted(named))


def version_name(source: Source) -> str:
    """Return the name under which a table's version is kept: ``schema.table``.

    Dots and backslashes in the name of the schema are escaped, so that no two tables share it.
    """
    schema_name = source.schema_name.replace("\\", "\\\\").replace(".", "\\.")
    return f"{schema_name}.{source.table_name}"
