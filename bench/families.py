"""What is measured: families of modules, each with its ``CASES``."""

from collections.abc import Mapping, Sequence

from bench import kept, limits, logs, metrics, queries, stack
from bench.cache import admission, cold_start, hits, invalidation, keys, races, stampedes
from bench.case import Case

FAMILIES: Mapping[str, Sequence[Case]] = {
    "queries": queries.CASES,
    "kept": kept.CASES,
    "cache": (
        *keys.CASES,
        *hits.CASES,
        *stampedes.CASES,
        *races.CASES,
        *admission.CASES,
        *invalidation.CASES,
        *cold_start.CASES,
    ),
    "limits": limits.CASES,
    "metrics": metrics.CASES,
    "observability": (*logs.CASES, *stack.CASES),
}
