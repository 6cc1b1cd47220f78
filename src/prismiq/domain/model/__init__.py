"""Immutable values. They know no clock, no network and no framework but pydantic."""
