"""What to do with a kept answer of a certain age.

Early renewal is XFetch of A. Vattani, F. Chierichetti and K. Lowenstein, "Optimal Probabilistic
Cache Stampede Prevention", VLDB 2015: an answer that took Δ seconds is renewed by chance before
it expires, ever more probably, so that callers do not all find it expired at once.
"""

from enum import StrEnum
from math import log


class Freshness(StrEnum):
    """What may be done with an answer, from the best to the worst."""

    FRESH = "fresh"
    """Serve it."""
    REFRESH_EARLY = "refresh_early"
    """Serve it, and renew it in the background: this caller was drawn."""
    STALE_REFRESH = "stale_refresh"
    """Serve it, and renew it in the background."""
    STALE_IF_ERROR = "stale_if_error"
    """Renew it; serve it, flagged, only where the database fails."""
    DEAD = "dead"
    """Do not serve it."""


def freshness(
    *,
    now: float,
    soft_expiry: float,
    hard_expiry: float,
    max_stale: float,
    compute_seconds: float,
    beta: float,
    chance: float,
) -> Freshness:
    """Return what may be done with an answer.

    Args:
        now: Unix seconds, as the expiries.
        soft_expiry: from then on the answer is stale; infinite for never.
        hard_expiry: from then on it is served only where the database fails.
        max_stale: for how many seconds after ``hard_expiry``.
        compute_seconds: Δ, what the answer took to compute.
        beta: how eagerly to renew early; 1 is the paper's optimum, 0 is never.
        chance: a random number, more than 0 and at most 1.

    Raises:
        ValueError: ``chance`` or ``beta`` is out of range.
    """
    if not 0 < chance <= 1 or not beta >= 0:
        raise ValueError("'chance' is more than 0 and at most 1, 'beta' is at least 0.")
    if now >= hard_expiry + max_stale:
        return Freshness.DEAD
    if now >= hard_expiry:
        return Freshness.STALE_IF_ERROR
    if now >= soft_expiry:
        return Freshness.STALE_REFRESH
    head_start = -compute_seconds * beta * log(chance)
    return Freshness.REFRESH_EARLY if now + head_start >= soft_expiry else Freshness.FRESH


def is_surely_fresh(*, now: float, soft_expiry: float, compute_seconds: float, beta: float) -> bool:
    """Return whether an answer is FRESH whatever the chance: no draw reaches its expiry.

    ``chance`` is a multiple of 2⁻⁵³, so that its logarithm is more than -37.
    """
    return now + 37 * compute_seconds * beta < soft_expiry


def jittered(ttl: float, chance: float, share: float = 0.1) -> float:
    """Return a time to live up to ``share`` shorter, so that what was kept at once expires apart.

    It is never longer than ``ttl``, which may be infinite. ``chance`` is a random number from 0 to
    1, and ``share`` less than 1.
    """
    return ttl * (1 - share * chance)
