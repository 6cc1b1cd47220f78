"""What is measured: each family is a module of its own with its ``CASES``."""

from collections.abc import Mapping, Sequence

from bench import limits, observability, queries
from bench.case import Case

FAMILIES: Mapping[str, Sequence[Case]] = {
    "queries": queries.CASES,
    "limits": limits.CASES,
    "observability": observability.CASES,
}
