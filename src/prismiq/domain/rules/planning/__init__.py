"""Planning: a query is checked and resolved against the schema in one pass.

A query that plans is valid, and only a valid query plans, so there is no second place where the
rules of validity could drift. All problems are collected before the query is refused.
"""
