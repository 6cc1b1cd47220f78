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


def test_those_that_were_used_longest_ago_leave_first() -> None:
    known: KnownBodies[str] = KnownBodies(max_bytes=3 * 128 + 5)
    known.learn(b"a", "a")
    known.learn(b"bb", "b")
    known.learn(b"c", "c")
    known.find(b"a")
    known.learn(b"dd", "d")
    assert [known.find(content) for content in (b"a", b"bb", b"c", b"dd")] == ["a", None, "c", "d"]
    known.learn(b"e" * 200, "e")
    kept = [known.find(content) for content in (b"a", b"c", b"dd", b"e" * 200)]
    assert kept == [None, None, None, "e"]
    known.learn(b"f" * 400, "f")
    assert known.find(b"f" * 400) is None


def test_long_bodies_are_not_kept() -> None:
    known: KnownBodies[str] = KnownBodies()
    assert known.learn(b"x" * 8_193, "long") == "long"
    assert known.find(b"x" * 8_193) is None
    known.learn(b"x" * 8_192, "not so long")
    assert known.find(b"x" * 8_192) == "not so long"
