"""Measurements against floors that run beside us. Absolute numbers are noise; ratios count."""
