"""Under which name an answer is kept: equal questions share it, different ones never do."""

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from prismiq.domain.model.query import QueryDefinition
from prismiq.domain.model.scope import Scope
from prismiq.domain.rules.canonical.query import canonical_query
from prismiq.domain.rules.canonical.texts import sequence_of, text_of

_BYTES = 20
_VERSION = b"prismiq-query-1"
"""Changes with the canonical form, so that old names are never met again."""


def cache_key(
    query: QueryDefinition, *, scope: Scope, now: datetime, context: str, max_rows: int
) -> str:
    """Return the name of the answer: 40 hexadecimal digits, 160 bits of BLAKE2b.

    Args:
        query: a valid query; see ``canonical_query``.
        scope: on whose behalf. All of it is part of the name.
        now: the present moment, aware; relative dates are resolved against it.
        context: everything else that decides on the answer, such as the generation of the
            schema, what is exposed, and how it is configured.
        max_rows: the most rows in one answer.

    Raises:
        TypeError: a filter holds a value of a type that no filter takes.
    """
    digest = blake2b(context_digest(scope, context), digest_size=_BYTES, person=_VERSION)
    form = canonical_query(query, scope=scope, now=now, max_rows=max_rows)
    digest.update(form.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def context_digest(scope: Scope, context: str) -> bytes:
    """Return 20 bytes that stand for a scope and a context."""
    parts = (scope.tenant, scope.schema_name, scope.claims, scope.timezone, context)
    text = sequence_of("context", map(text_of, parts))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()
