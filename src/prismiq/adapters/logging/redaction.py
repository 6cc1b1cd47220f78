"""Keeping secrets out of log lines."""

from collections.abc import Iterable

from prismiq.adapters.logging.secret_patterns import (
    MASK,
    PATTERNS,
    TRACES,
    names_a_secret,
    without_passwords_of_urls,
)

_SHORTEST_SECRET = 5
"""Characters. A shorter text appears by chance in too many lines."""

_MOST_KNOWN = 4_096
_LONGEST_KNOWN = 256


class Redactor:
    """Masks what looks like a secret, and the secrets it is told.

    Texts come again and again, so it remembers which are harmless. It masks too much rather than
    too little: what follows ``password=`` goes up to the next space.

    Args:
        secrets: values that must not appear anywhere, whatever is around them.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        # Longest first: a secret may be a part of another one.
        self._secrets = tuple(sorted(long_enough, key=len, reverse=True))
        self.harmless: set[str] = set()
        """Texts that ``text`` returned as they were; to spare the call where each one counts."""
        self._hidden: dict[str, bool] = {}

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if text in self.harmless:
            return text
        redacted = self._redact(text)
        if redacted == text and len(text) <= _LONGEST_KNOWN:
            if len(self.harmless) >= _MOST_KNOWN:
                self.harmless.clear()
            self.harmless.add(text)
        return redacted

    def hides(self, name: str) -> bool:
        """Whether the value of this name is a secret."""
        hidden = self._hidden.get(name)
        if hidden is None:
            hidden = names_a_secret(name)
            if len(name) <= _LONGEST_KNOWN:
                if len(self._hidden) >= _MOST_KNOWN:
                    self._hidden.clear()
                self._hidden[name] = hidden
        return hidden

    def _redact(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        if TRACES.search(text.lower()) is None:
            return text
        if "://" in text:
            text = without_passwords_of_urls(text)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text
