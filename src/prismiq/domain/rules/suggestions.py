"""What a caller probably meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher

_LONGEST_NAME = 64
_MOST_COMPARED = 300
_MOST_ALIGNED = 5
"""Counting the letters that two names share takes 10 µs, aligning them up to 1 ms."""
_LIKE_ENOUGH = 0.6
"""The share of letters that must agree; difflib calls this the ratio."""


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like ``name``, or None where none is like it.

    A candidate that differs in case alone is preferred. Among very many candidates, those that
    begin alike and are about as long are looked at. The work is bounded whatever the names are:
    both sides may be made up to be hard to compare. Only the beginnings of long names count.
    """
    wanted = _folded(name)
    spellings: dict[str, str] = {}
    for candidate in candidates:
        spellings.setdefault(_folded(candidate), candidate)
    if wanted in spellings:
        return spellings[wanted]
    compared = list(spellings)
    if len(compared) > _MOST_COMPARED:
        compared.sort(key=lambda other: (other[:1] != wanted[:1], abs(len(other) - len(wanted))))
    match = _likest(wanted, compared[:_MOST_COMPARED])
    return None if match is None else spellings[match]


def _folded(name: str) -> str:
    return name[:_LONGEST_NAME].casefold()[:_LONGEST_NAME]  # folding can make it longer


def _likest(wanted: str, candidates: Iterable[str]) -> str | None:
    """Align the few that share most letters, which bounds how much can agree in order."""
    matcher = SequenceMatcher(b=wanted)
    promising = []
    for candidate in candidates:
        matcher.set_seq1(candidate)
        if matcher.real_quick_ratio() >= _LIKE_ENOUGH:
            bound = matcher.quick_ratio()
            if bound >= _LIKE_ENOUGH:
                promising.append((bound, candidate))
    best, likest = _LIKE_ENOUGH, None
    for bound, candidate in sorted(promising, reverse=True)[:_MOST_ALIGNED]:
        if bound < best:
            break
        matcher.set_seq1(candidate)
        ratio = matcher.ratio()
        if ratio > best or (likest is None and ratio == best):
            best, likest = ratio, candidate
    return likest
