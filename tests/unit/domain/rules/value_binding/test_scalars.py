"""Booleans, UUIDs, network addresses and bytes."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.domain.model.plan import Constant
from prismiq.domain.rules.value_binding.problem import ValueProblem

Bind = Callable[..., Constant]
Refuse = Callable[..., ValueProblem]


@given(value=st.uuids())
def test_a_uuid_is_a_uuid_or_its_text(value: UUID, bind: Bind) -> None:
    assert bind(value, "uuid").value == bind(str(value).upper(), "uuid").value == value
    assert bind(value.hex, "uuid").value == value


@given(value=st.binary(max_size=25))
def test_bytes_are_bytes_or_hexadecimal_text(value: bytes, bind: Bind) -> None:
    assert bind(value, "bytea").value == bind(f"\\x{value.hex()}", "bytea").value == value


def test_bytes_may_be_as_many_as_the_limit(bind: Bind) -> None:
    assert bind("\\x" + "ff" * 50, "bytea").value == b"\xff" * 50


@given(value=st.ip_addresses())
def test_every_address_is_an_address(value: Any, bind: Bind) -> None:
    assert ip_network(bind(str(value), "inet").value).network_address == value
    assert bind(value, "inet") == bind(str(value), "inet")


@pytest.mark.parametrize(
    ("value", "data_type", "bound"),
    [
        (True, "boolean", True),
        (False, "boolean", False),
        ("10.1.2.3", "inet", "10.1.2.3/32"),
        ("10.1.2.3/8", "inet", "10.1.2.3/8"),
        ("2001:DB8::0001", "inet", "2001:db8::1/128"),
        ("10.1.0.0/16", "cidr", "10.1.0.0/16"),
        (ip_address("10.1.2.3"), "cidr", "10.1.2.3/32"),
    ],
)
def test_values_are_bound_in_one_form(value: Any, data_type: str, bound: Any, bind: Bind) -> None:
    assert bind(value, data_type).value == bound


@pytest.mark.parametrize(
    ("value", "data_type", "code"),
    [
        (1, "boolean", "wrong_type"),
        ("true", "boolean", "wrong_type"),
        (5, "uuid", "wrong_type"),
        ("abc", "uuid", "invalid_uuid"),
        ("{12345678-1234-5678-1234-567812345678}", "uuid", "invalid_uuid"),
        (5, "inet", "wrong_type"),
        ("10.1.2", "inet", "invalid_address"),
        ("10.1.2.3/33", "inet", "invalid_address"),
        ("fe80::1%eth0", "inet", "invalid_address"),
        ("10.1.2.3/16", "cidr", "invalid_address"),
        (5, "bytea", "wrong_type"),
        ("abc", "bytea", "invalid_bytes"),
        ("\\x0", "bytea", "invalid_bytes"),
        ("\\x" + "00" * 51, "bytea", "value_too_long"),
        (b"\x00" * 51, "bytea", "value_too_long"),
        ("x" * 10_000, "bytea", "value_too_long"),
    ],
)
def test_other_values_are_refused(value: Any, data_type: str, code: str, refuse: Refuse) -> None:
    assert refuse(value, data_type).code == code
