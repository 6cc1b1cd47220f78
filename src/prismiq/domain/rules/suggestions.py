"""What a caller probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_NAME = 64
_MOST_COMPARED = 300
"""Comparing is slow (10 µs each), and a query can have many wrong names."""


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like ``name``, or None where none is like it.

    A candidate that differs in case alone is preferred. Among very many candidates, those that
    begin alike and are about as long are looked at.
    """
    wanted = name[:_LONGEST_NAME].casefold()
    spellings: dict[str, str] = {}
    for candidate in candidates:
        spellings.setdefault(candidate.casefold(), candidate)
    if wanted in spellings:
        return spellings[wanted]
    compared = list(spellings)
    if len(compared) > _MOST_COMPARED:
        compared.sort(key=lambda other: (other[:1] != wanted[:1], abs(len(other) - len(wanted))))
    matches = get_close_matches(wanted, compared[:_MOST_COMPARED], n=1)
    return spellings[matches[0]] if matches else None
