"""Booleans, UUIDs, network addresses and bytes."""

import re
from collections.abc import Callable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
    ip_network,
)
from typing import Any
from uuid import UUID

from prismiq.domain.rules.displayed_text import shown
from prismiq.domain.rules.value_binding.problem import ValueProblem, wrong_type
from prismiq.domain.rules.value_binding.target import Target

_UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_BYTES_TEXT = re.compile(r"\\x([0-9a-fA-F]{2})*")
_ADDRESSES = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)


def boolean(value: Any, _target: Target) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise wrong_type("true or false", value)
    return value


def uuid(value: Any, _target: Target) -> UUID:
    """Return a UUID, from text with or without hyphens too."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):
        raise wrong_type("a UUID", value)
    if not _UUID_TEXT.fullmatch(value):
        raise ValueProblem("invalid_uuid", f"Expected a UUID, got {shown(value)}.")
    return UUID(value)


def network(value: Any, target: Target) -> str:
    """Return an IP address (``inet``) or network (``cidr``) in its canonical form."""
    if isinstance(value, _ADDRESSES):
        value = str(value)
    if not isinstance(value, str):
        raise wrong_type("an IP address", value)
    is_network = target.data_type == "cidr"
    parse: Callable[[str], object] = ip_network if is_network else ip_interface
    expected = "a network such as 10.1.0.0/16" if is_network else "an address such as 10.1.2.3"
    problem = ValueProblem("invalid_address", f"Expected {expected}, got {shown(value)}.")
    if "%" in value:  # PostgreSQL knows no zones of addresses
        raise problem
    try:
        return str(parse(value))
    except ValueError:
        raise problem from None


def binary(value: Any, target: Target) -> bytes:
    """Return bytes, from text as PostgreSQL writes them too: x after a backslash, then hex."""
    longest = target.limits.max_text_length
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
    elif not isinstance(value, str):
        raise wrong_type(r"hexadecimal text such as \x00ff", value)
    elif len(value) > 2 * longest + 2:
        data = b"\0" * (longest + 1)
    elif _BYTES_TEXT.fullmatch(value):
        data = bytes.fromhex(value[2:])
    else:
        raise ValueProblem(
            "invalid_bytes", rf"Expected hexadecimal text such as \x00ff, got {shown(value)}."
        )
    if len(data) > longest:
        raise ValueProblem("value_too_long", f"A value may have {longest} bytes at most.")
    return data
