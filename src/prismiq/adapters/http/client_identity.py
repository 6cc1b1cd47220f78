"""Who a request is counted for.

A client is its address: of the peer, or, where the peer is a proxy that the operator trusts, of the
right-most hop in ``X-Forwarded-For`` that is not. Everything to the left of that hop is what
the client itself may have written, so it is never looked at.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from starlette.requests import Request

from prismiq.domain.model.errors import ConfigurationError

Address: TypeAlias = IPv4Address | IPv6Address

UNIX_SOCKET = "unix"
"""Among trusted proxies: whoever connects through the server's Unix socket."""

_LONGEST_ADDRESS = 100
_BRACKETED = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?")
_WITH_PORT = re.compile(r"([^:]+):[0-9]{1,5}")


class ClientIdentity:
    """Names the client of a request; give it to ``RateLimitMiddleware`` as ``get_client_id``.

    Ports are left out, IPv6 addresses count by their /64, which one customer usually has for
    itself, and IPv4 in IPv6 counts as IPv4. What a trusted proxy passes on that is no address is
    a client of its own, never one bucket for all such requests.

    Where the application server itself replaces the peer by what a proxy says (``uvicorn
    --proxy-headers``), trust the proxies there or here, not in both places.

    Args:
        trusted_proxies: addresses or networks such as ``10.0.0.0/8``, and ``unix``.
        verified_key: returns the API key of a request after checking it, or None. A key that
            nobody checked would give everybody as many buckets as it likes. Keys are hashed.

    Raises:
        ConfigurationError: a trusted proxy is not a network.
    """

    def __init__(
        self,
        trusted_proxies: Iterable[str] = (),
        *,
        verified_key: Callable[[Request], str | None] | None = None,
    ) -> None:
        trusted = tuple(trusted_proxies)
        self._trusts_unix_socket = UNIX_SOCKET in trusted
        self._networks = [_network(text) for text in trusted if text != UNIX_SOCKET]
        self._verified_key = verified_key

    def __call__(self, request: Request) -> str:
        if self._verified_key is not None:
            key = self._verified_key(request)
            if key is not None:
                return f"key:{_digest(key)}"
        peer = _peer_of(request)
        return _name(self._nearest(peer, request) if self._is_trusted(peer) else peer)

    def address(self, request: Request) -> str | None:
        """Return the client's own address for logs: no group, no port, IPv4 where it is that.

        It is that of the peer, or what the trusted proxies say; None where that is no address.
        """
        peer = _peer_of(request)
        if not self._is_trusted(peer):
            return peer or None
        address = _address(self._nearest(peer, request))
        return None if address is None else str(address)

    def _nearest(self, peer: str, request: Request) -> str:
        """Return the right-most hop that is not trusted; where all are, the one furthest away."""
        nearest, rest = peer, ",".join(request.headers.getlist("x-forwarded-for"))
        while rest and self._is_trusted(nearest):
            rest, _, hop = rest.rpartition(",")
            nearest = hop.strip() or nearest  # an empty element says nothing
        return nearest

    def _is_trusted(self, hop: str) -> bool:
        if not hop:
            return self._trusts_unix_socket
        address = _address(hop) if self._networks else None
        return address is not None and any(address in network for network in self._networks)


def _peer_of(request: Request) -> str:
    client = request.scope.get("client")  # without what the framework makes of it
    return client[0] if client else ""


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ConfigurationError(
            "trusted_proxies must list networks such as 10.0.0.0/8, or unix."
        ) from None


def _address(hop: str) -> Address | None:
    """Return the address in the forms proxies write: bare, with a port, in brackets, quoted."""
    return _parse(hop) if len(hop) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=4096)
def _parse(hop: str) -> Address | None:
    text = hop.strip().strip('"')
    if match := _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text):
        text = match[1]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def _name(hop: str) -> str:
    if not hop:
        return "peer:unknown"
    address = _address(hop)
    if address is None:
        return f"hop:{_digest(hop)}"
    if isinstance(address, IPv6Address):
        return f"ip:{IPv6Network((address, 64), strict=False)}"
    return f"ip:{address}"


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
