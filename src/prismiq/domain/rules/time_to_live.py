"""How long a cache entry lives."""

from math import isfinite


def require_ttl(ttl: float | None) -> float | None:
    """Return ``ttl`` when it is one: seconds, zero for not at all, None for ever.

    Raises:
        ValueError: it is negative or not finite.
    """
    if ttl is not None and not (isfinite(ttl) and ttl >= 0):
        raise ValueError("A time to live is a number of seconds from 0, or None for no expiry.")
    return ttl
