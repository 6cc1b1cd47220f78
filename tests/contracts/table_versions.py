"""What every adapter of ``TableVersions`` must do, told once."""

import asyncio

from prismiq.ports.table_versions import TableVersions

EVERYTHING = TableVersions.EVERYTHING


class TableVersionsContract:
    """Subclasses give ``versions`` and ``elsewhere``: the same store seen by two processes."""

    async def test_tokens_stay_until_they_are_rotated(
        self, versions: TableVersions, elsewhere: TableVersions
    ) -> None:
        tokens = await versions.read(["public.flights", "public.planes"])
        assert set(tokens) == {EVERYTHING, "public.flights", "public.planes"}
        assert len(set(tokens.values())) == 3
        assert all(len(token) >= 16 for token in tokens.values())
        assert await elsewhere.read(["public.planes", "public.flights"]) == tokens

    async def test_no_tables_have_the_token_of_everything(self, versions: TableVersions) -> None:
        assert set(await versions.read([])) == {EVERYTHING}
        assert await versions.rotate([]) == 0

    async def test_rotating_changes_one_table_everywhere(
        self, versions: TableVersions, elsewhere: TableVersions
    ) -> None:
        before = await versions.read(["a", "b"])
        await elsewhere.rotate(["a"])
        after = await versions.read(["a", "b"])
        assert after["a"] != before["a"]
        assert after["b"] == before["b"]
        assert after[EVERYTHING] == before[EVERYTHING]

    async def test_rotating_everything_changes_its_token(
        self, versions: TableVersions, elsewhere: TableVersions
    ) -> None:
        before = await versions.read(["a"])
        await elsewhere.rotate_all()
        assert (await versions.read(["a"]))[EVERYTHING] != before[EVERYTHING]

    async def test_tokens_never_come_back(self, versions: TableVersions) -> None:
        seen = set()
        for _ in range(50):
            seen.add((await versions.read(["a"]))["a"])
            await versions.rotate(["a"])
        assert len(seen) == 50

    async def test_readers_at_the_same_time_agree_on_new_tokens(
        self, versions: TableVersions, elsewhere: TableVersions
    ) -> None:
        readers = (versions, elsewhere) * 10
        read = await asyncio.gather(*(reader.read(["new", "newer"]) for reader in readers))
        assert all(tokens == read[0] for tokens in read)

    async def test_rotating_says_how_many_entries_are_lost(
        self, versions: TableVersions, elsewhere: TableVersions
    ) -> None:
        await versions.read(["a", "b"])
        await versions.count_entry(["a"])
        await elsewhere.count_entry(["a", "b"])
        assert await versions.rotate(["a"]) == 2
        assert await versions.rotate(["a"]) == 0
        assert await elsewhere.rotate(["b"]) == 1
        assert await versions.rotate(["never read"]) == 0

    async def test_several_tables_are_rotated_together(self, versions: TableVersions) -> None:
        await versions.read(["a", "b"])
        await versions.count_entry(["a"])
        await versions.count_entry(["b"])
        assert await versions.rotate(["a", "b", "a"]) == 2

    async def test_an_entry_of_two_tables_is_one_of_all(self, versions: TableVersions) -> None:
        await versions.read(["a", "b"])
        await versions.count_entry(["a", "b"])
        await versions.count_entry(["b"])
        assert await versions.rotate_all() == 2
        assert await versions.rotate_all() == 0
        assert await versions.rotate(["a", "b"]) == 0

    async def test_what_was_rotated_already_is_not_counted_twice(
        self, versions: TableVersions
    ) -> None:
        await versions.read(["a", "b"])
        await versions.count_entry(["a"])
        await versions.count_entry(["b"])
        await versions.rotate(["a"])
        assert await versions.rotate_all() == 1

    async def test_any_text_is_a_name(self, versions: TableVersions) -> None:
        names = ["", "public.Größe", 'a"b', "{x}", "new\nline", "*.*", "🌍"]
        tokens = await versions.read(names)
        assert len(set(tokens.values())) == len(names) + 1
        await versions.rotate([names[1]])
        again = await versions.read(names)
        assert {name for name in names if again[name] != tokens[name]} == {names[1]}
