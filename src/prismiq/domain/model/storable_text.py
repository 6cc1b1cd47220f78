"""Which texts PostgreSQL and JSON can both carry."""


def is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogates, which no UTF-8 can carry."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_storable(text: str) -> bool:
    """Whether the text is Unicode without NUL characters, which PostgreSQL refuses."""
    return "\x00" not in text and is_unicode(text)
