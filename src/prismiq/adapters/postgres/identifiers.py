"""Names in SQL. No other place quotes an identifier."""


def quote_identifier(name: str) -> str:
    """Return ``name`` as an SQL identifier that means exactly this name.

    Raises:
        ValueError: the name holds a NUL character, which no name in a PostgreSQL catalog can.
    """
    if "\x00" in name:
        raise ValueError("an identifier cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'
