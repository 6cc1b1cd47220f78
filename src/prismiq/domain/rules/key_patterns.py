"""Patterns over cache keys: two wildcards, and everything else is literal."""

import re


def key_pattern(pattern: str) -> re.Pattern[str]:
    """Return an expression whose ``fullmatch`` is what ``CacheBackend.clear`` means.

    What a star takes is settled by the first match of the literal text after it, which finds
    every match there is and makes the time linear for each star, not exponential in their number.
    """
    first, *later = [_literal(part) for part in re.split(r"\*+", pattern)]
    if not later:
        return re.compile(first, re.DOTALL)
    *between, last = later
    stars = "".join(f"(?>.*?{part})" for part in between)
    return re.compile(f"{first}{stars}.*{last}", re.DOTALL)


def _literal(part: str) -> str:
    return ".".join(re.escape(text) for text in part.split("?"))
