from prismiq.domain.services.pending_invalidations import PendingInvalidations

EVERYTHING = frozenset({"*"})


def test_each_name_is_pending_once() -> None:
    pending = PendingInvalidations()
    assert not pending
    pending.add(["a", "b"])
    pending.add(["a"])
    assert pending
    assert pending.batch().names == {"a", "b"}


def test_what_is_done_is_not_pending_any_more() -> None:
    pending = PendingInvalidations()
    pending.add(["a"])
    pending.done(pending.batch())
    assert not pending


def test_what_was_added_again_meanwhile_stays() -> None:
    pending = PendingInvalidations()
    pending.add(["a", "b"])
    batch = pending.batch()
    pending.add(["b", "c"])
    pending.done(batch)
    assert pending.batch().names == {"b", "c"}


def test_everything_includes_what_was_there_and_not_what_follows() -> None:
    pending = PendingInvalidations()
    pending.add(["a"])
    pending.add(EVERYTHING)
    batch = pending.batch()
    assert batch.names == EVERYTHING
    pending.add(["a"])
    pending.done(batch)
    assert pending.batch().names == {"a"}


def test_too_many_names_become_everything() -> None:
    pending = PendingInvalidations(most_names=3)
    pending.add(["a", "b", "c"])
    assert pending.batch().names == {"a", "b", "c"}
    pending.add(["d"])
    assert pending.batch().names == EVERYTHING
