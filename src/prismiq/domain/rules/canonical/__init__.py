"""The canonical form of a query: one text for all queries that mean the same.

Whatever is left out or put in order here is proven not to change an answer. Where that is not
certain, two forms stay apart: a needless difference costs a cache miss, a wrong merge is a wrong
answer.
"""
