"""Type names and their families."""

import pytest

from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.type_families import array_of, element_of, family_of, is_array


@pytest.mark.parametrize(
    ("data_type", "family"),
    [
        ("smallint", TypeFamily.INTEGER),
        ("integer", TypeFamily.INTEGER),
        ("bigint", TypeFamily.INTEGER),
        ("numeric", TypeFamily.NUMERIC),
        ("real", TypeFamily.FLOAT),
        ("double precision", TypeFamily.FLOAT),
        ("text", TypeFamily.TEXT),
        ("character varying", TypeFamily.TEXT),
        ("character", TypeFamily.TEXT),
        ("name", TypeFamily.TEXT),
        ('"char"', TypeFamily.TEXT),
        ("public.citext", TypeFamily.TEXT),
        ("extensions.citext", TypeFamily.TEXT),
        ("boolean", TypeFamily.BOOLEAN),
        ("date", TypeFamily.DATE),
        ("timestamp without time zone", TypeFamily.TIMESTAMP),
        ("timestamp with time zone", TypeFamily.TIMESTAMPTZ),
        ("time without time zone", TypeFamily.TIME),
        ("time with time zone", TypeFamily.TIMETZ),
        ("interval", TypeFamily.INTERVAL),
        ("uuid", TypeFamily.UUID),
        ("inet", TypeFamily.NETWORK),
        ("cidr", TypeFamily.NETWORK),
        ("bytea", TypeFamily.BYTEA),
        ("json", TypeFamily.JSON),
        ("jsonb", TypeFamily.JSONB),
        ("integer[]", TypeFamily.ARRAY),
        ("public.mood[]", TypeFamily.ARRAY),
        ("money", TypeFamily.OPAQUE),
        ("oid", TypeFamily.OPAQUE),
        ("bit", TypeFamily.OPAQUE),
        ("int4range", TypeFamily.OPAQUE),
        ("tsvector", TypeFamily.OPAQUE),
        ("public.hstore", TypeFamily.OPAQUE),
        ("public.integer", TypeFamily.OPAQUE),
        ('public."odd[]"', TypeFamily.OPAQUE),
    ],
)
def test_a_type_belongs_to_the_family_of_its_name(data_type: str, family: TypeFamily) -> None:
    assert family_of(data_type) is family


def test_only_the_catalog_can_tell_an_enum() -> None:
    assert family_of("public.mood", is_enum=True) is TypeFamily.ENUM
    assert family_of("public.mood") is TypeFamily.OPAQUE


def test_an_array_of_an_enum_is_an_array() -> None:
    assert family_of("public.mood[]", is_enum=True) is TypeFamily.ARRAY


def test_array_and_element_names_belong_together() -> None:
    assert is_array(array_of("text"))
    assert element_of(array_of("public.mood")) == "public.mood"
    assert not is_array('public."odd[]"')
