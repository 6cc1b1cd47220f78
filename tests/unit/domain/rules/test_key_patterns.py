from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.rules.key_patterns import key_pattern


def plainly(pattern: str, key: str) -> bool:
    """The definition, step by step and slowly."""
    if not pattern:
        return not key
    if pattern[0] == "*":
        return any(plainly(pattern[1:], key[start:]) for start in range(len(key) + 1))
    return bool(key) and pattern[0] in {"?", key[0]} and plainly(pattern[1:], key[1:])


@given(st.text("ab*?[\n", max_size=7), st.text("ab*?[\n", max_size=9))
def test_patterns_match_what_their_definition_says(pattern: str, key: str) -> None:
    assert (key_pattern(pattern).fullmatch(key) is not None) == plainly(pattern, key)


def test_what_means_something_elsewhere_is_literal() -> None:
    text = r"[a-z]{1,2}\d+(x|y)^$."
    assert key_pattern(text).fullmatch(text)
    assert not key_pattern(text).fullmatch("a")
