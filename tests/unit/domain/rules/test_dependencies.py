from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import QueryPlan, Source
from prismiq.domain.rules.dependencies import sources_read, version_name


def plan(*sources: Source) -> QueryPlan:
    return QueryPlan(
        sources=sources,
        joins=(),
        outputs=(),
        predicate=None,
        grouping=None,
        having=None,
        ordering=(),
        distinct=False,
        limit=1,
        offset=0,
    )


def test_tables_are_named_once_and_in_order() -> None:
    flights, airlines = Source("public", "flights"), Source("public", "airlines")
    elsewhere = Source("archive", "flights")
    assert sources_read(plan(flights, airlines, flights, elsewhere)) == (
        elsewhere,
        airlines,
        flights,
    )


def test_names_are_readable() -> None:
    assert version_name(Source("public", "flights")) == "public.flights"


@given(st.lists(st.text("a.\\", min_size=1, max_size=4), min_size=4, max_size=4))
def test_no_two_tables_share_a_name(parts: list[str]) -> None:
    sources = {Source(schema, table) for schema, table in product(parts, parts)}
    assert len({version_name(source) for source in sources}) == len(sources)
