"""What readings that overlap with changes, and with each other, may teach."""

from prismiq.domain.services.known_tokens import KnownTokens


def value(tokens: KnownTokens, name: str) -> bytes | None:
    known = tokens.get(name)
    return None if known is None else known.value


def test_the_older_of_two_readings_does_not_win() -> None:
    tokens = KnownTokens()
    older = tokens.begin({"a"}, now=1.0)
    newer = tokens.begin({"a"}, now=1.0)
    tokens.end(newer, {"a": "new"})
    tokens.end(older, {"a": "old"})
    assert value(tokens, "a") == b"new"


def test_what_changed_meanwhile_is_not_learned_and_the_rest_is() -> None:
    tokens = KnownTokens()
    reading = tokens.begin({"a", "b"}, now=1.0)
    tokens.forget({"a"})
    assert not reading.will_tell({"a"})
    assert tokens.under_way({"b"}) is reading
    tokens.end(reading, {"a": "old", "b": "b"})
    assert (value(tokens, "a"), value(tokens, "b")) == (None, b"b")


def test_a_reading_that_is_disbelieved_teaches_nothing_and_takes_nothing() -> None:
    tokens = KnownTokens()
    tokens.end(tokens.begin({"a"}, now=1.0), {"a": "known"})
    reading = tokens.begin({"a", "b"}, now=2.0)
    tokens.disbelieve()
    assert tokens.under_way({"b"}) is None
    tokens.end(reading, {"a": "other", "b": "other"})
    assert (value(tokens, "a"), value(tokens, "b")) == (b"known", None)


def test_a_token_is_as_old_as_the_beginning_of_its_reading() -> None:
    tokens = KnownTokens()
    reading = tokens.begin({"a"}, now=1.0)
    tokens.end(reading, {"a": "a"})
    known = tokens.get("a")
    assert known is not None
    assert known.as_of == 1.0
    tokens.forget_older(1.5)
    assert tokens.get("a") is None
