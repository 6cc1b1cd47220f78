"""A schema as a cache keeps it."""

from typing import Any

from pydantic import ValidationError

from prismiq.domain.model.schema import DatabaseSchema


def schema_as_kept(schema: DatabaseSchema) -> str:
    """Return the schema as JSON."""
    return schema.model_dump_json()


def schema_from_kept(kept: Any) -> DatabaseSchema | None:
    """Return the schema, or None for what is damaged, foreign or of another version."""
    if not isinstance(kept, str):
        return None
    try:
        return DatabaseSchema.model_validate_json(kept)
    except ValidationError:
        return None
