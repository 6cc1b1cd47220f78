"""Which keys are asked for: popular ones by Zipf's law, and scans between them."""

import random
from itertools import accumulate

POPULAR = 200_000
"""Accesses to keys that come again."""
SKEW = 0.9
"""The exponent. Caches of the web were seen to have 0.6 to 0.9."""
_KEYS = 20_000
_BETWEEN_SCANS = 10_000
_SCAN = 3_000


def accesses() -> list[str]:
    """Return keys with a fixed seed; now and then come many that never come again."""
    choose = random.Random(7)
    weights = list(accumulate(1 / rank**SKEW for rank in range(1, _KEYS + 1)))
    popular = choose.choices(range(_KEYS), cum_weights=weights, k=POPULAR)
    keys = []
    for number, key in enumerate(popular, 1):
        keys.append(f"popular:{key}")
        if number % _BETWEEN_SCANS == 0:
            keys += [f"scan:{number}:{once}" for once in range(_SCAN)]
    return keys
