"""Equal bytes are one model, and only so many of them are kept."""

from prismiq.adapters.http.known_bodies import KnownBodies


def test_equal_bytes_give_the_first_model() -> None:
    known: KnownBodies[object] = KnownBodies()
    first, second = object(), object()
    assert known.find(b"{}") is None
    assert known.learn(b"{}", first) is first
    assert known.learn(b"{}", second) is first
    assert known.find(b"{}") is first
    assert known.find(b"{ }") is None


def test_the_one_that_was_used_longest_ago_leaves_first() -> None:
    known: KnownBodies[str] = KnownBodies(max_entries=2)
    known.learn(b"a", "a")
    known.learn(b"b", "b")
    known.find(b"a")
    known.learn(b"c", "c")
    assert [known.find(content) for content in (b"a", b"b", b"c")] == ["a", None, "c"]


def test_long_bodies_are_not_kept() -> None:
    known: KnownBodies[str] = KnownBodies()
    assert known.learn(b"x" * 8_193, "long") == "long"
    assert known.find(b"x" * 8_193) is None
    known.learn(b"x" * 8_192, "not so long")
    assert known.find(b"x" * 8_192) == "not so long"
