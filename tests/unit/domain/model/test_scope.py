import pytest
from pydantic import ValidationError

from prismiq.domain.model.scope import Scope


def test_equal_claims_make_equal_scopes_whatever_their_order() -> None:
    scopes = {Scope(claims={"b": "2", "a": "1"}), Scope(claims={"a": "1", "b": "2"})}

    assert [list(scope.claims.items()) for scope in scopes] == [[("a", "1"), ("b", "2")]]


def test_claims_cannot_change() -> None:
    given = {"a": "1"}
    scope = Scope(claims=given)
    given["a"] = "2"

    assert scope.claims["a"] == "1"
    with pytest.raises(TypeError):
        scope.claims["a"] = "2"  # type: ignore[index] # that is the point


@pytest.mark.parametrize(
    "claims",
    [{"User": "1"}, {"a-b": "1"}, {"a.b.c": "1"}, {"": "1"}, {"a;": "1"}, {"a": "x\x00"}, {"a": 1}],
)
def test_claims_are_setting_names_with_plain_text(claims: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Scope(claims=claims)


@pytest.mark.parametrize("timezone", ["", "Mars/Base", "Europe", "/etc/passwd", "../UTC", "a\x00"])
def test_a_time_zone_must_exist(timezone: str) -> None:
    with pytest.raises(ValidationError):
        Scope(timezone=timezone)


@pytest.mark.parametrize("name", ["", "a\x00b", "\ud800", "s" * 300])
def test_tenant_and_schema_are_plain_text(name: str) -> None:
    with pytest.raises(ValidationError):
        Scope(tenant=name)
    with pytest.raises(ValidationError):
        Scope(schema_name=name)


def test_a_scope_survives_serialisation_and_copying() -> None:
    scope = Scope(tenant="acme", claims={"a": "1"}, timezone="Asia/Tokyo")

    assert Scope.model_validate_json(scope.model_dump_json()) == scope
    assert Scope.model_validate(scope.model_dump()) == scope
    assert scope.model_copy(update={"tenant": "other"}).claims == {"a": "1"}
