"""From a caller's JSON or Python value to a typed constant, or to a sentence about why not."""
