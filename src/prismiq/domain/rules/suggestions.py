"""What a caller probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_NAME = 64
_MOST_CANDIDATES = 1_000


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like ``name``, or None where none is like it.

    A candidate that differs in case alone is preferred.
    """
    wanted = name[:_LONGEST_NAME].casefold()
    spellings: dict[str, str] = {}
    for candidate in candidates:
        spellings.setdefault(candidate.casefold(), candidate)
    if wanted in spellings:
        return spellings[wanted]
    similar = [other for other in spellings if abs(len(other) - len(wanted)) <= len(wanted)]
    matches = get_close_matches(wanted, similar[:_MOST_CANDIDATES], n=1)
    return spellings[matches[0]] if matches else None
