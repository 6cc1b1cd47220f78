"""What of a schema decides on answers."""

from hashlib import blake2b

from prismiq.domain.model.schema import DatabaseSchema

_ESTIMATES = {"tables": {"__all__": {"row_count"}}}


def schema_generation(
    schema: DatabaseSchema, default_schema: str, *, definitions: str, origin: str
) -> str:
    """Return a digest that is another one as soon as a query could mean something else.

    Args:
        schema: what callers may see, exposure and configuration applied. Estimates of row
            counts do not count.
        default_schema: the schema of tables that are named without one.
        definitions: how the database defines it all; see ``TableDependencies``.
        origin: which database it is, and on behalf of which role it is asked.
    """
    seen = schema.model_dump_json(exclude=_ESTIMATES)
    text = f"{default_schema}\x00{origin}\x00{definitions}\x00{seen}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
