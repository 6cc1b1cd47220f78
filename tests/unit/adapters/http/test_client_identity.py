from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from prismiq.adapters.http.client_identity import ClientIdentity
from prismiq.domain.model.errors import ConfigurationError

PROXY = "10.0.0.1"
TRUSTING = ClientIdentity(["10.0.0.0/8", "2001:db8:ffff::/48"])
WARY = ClientIdentity()


def request(peer: str | None, *forwarded: str, **headers: str) -> Request:
    lines = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    lines += [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    client = None if peer is None else (peer, 51234)
    return Request({"type": "http", "headers": lines, "client": client})


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("198.51.100.7", "ip:198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "ip:2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "ip:2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "ip:2001:db8:1:3::/64"),
        ("::ffff:198.51.100.7", "ip:198.51.100.7"),
        ("fe80::1%eth0", "ip:fe80::/64"),
        (None, "peer:unknown"),
        ("", "peer:unknown"),
    ],
)
def test_a_client_is_its_peer(peer: str | None, expected: str) -> None:
    assert WARY(request(peer)) == expected
    assert TRUSTING(request(peer)) == expected


FORGED = [
    ["203.0.113.9"],
    ["203.0.113.9, 10.0.0.1"],
    ["127.0.0.1", "203.0.113.9"],
    ["10.0.0.1"],
    ["unknown"],
    [""],
    [",,,"],
    ["203.0.113.9\r\nX-Evil: 1"],
    ["x" * 60_000],
]


@pytest.mark.parametrize("lines", FORGED, ids=lambda lines: ascii(lines)[:40])
@pytest.mark.parametrize("identity", [WARY, TRUSTING], ids=["wary", "trusting"])
def test_what_an_untrusted_peer_says_about_itself_counts_for_nothing(
    identity: ClientIdentity, lines: list[str]
) -> None:
    assert identity(request("198.51.100.7", *lines)) == "ip:198.51.100.7"


@pytest.mark.parametrize("lines", FORGED, ids=lambda lines: ascii(lines)[:40])
def test_what_a_client_puts_before_its_proxys_entry_counts_for_nothing(lines: list[str]) -> None:
    """Whether the proxy appends to the client's header line or adds a line of its own."""
    appended = [*lines[:-1], f"{lines[-1]}, 198.51.100.7"]
    assert TRUSTING(request(PROXY, *appended)) == "ip:198.51.100.7"
    assert TRUSTING(request(PROXY, *lines, "198.51.100.7")) == "ip:198.51.100.7"


def test_other_headers_that_name_addresses_are_not_believed() -> None:
    forged = {"x_real_ip": "203.0.113.9", "forwarded": "for=203.0.113.9", "via": "203.0.113.9"}
    assert TRUSTING(request(PROXY, "198.51.100.7", **forged)) == "ip:198.51.100.7"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["198.51.100.7, 10.1.1.1, 10.2.2.2"], "ip:198.51.100.7"),
        (["203.0.113.9", "198.51.100.7", "10.1.1.1"], "ip:198.51.100.7"),
        (["198.51.100.7, 2001:db8:ffff::5"], "ip:198.51.100.7"),
        (["198.51.100.7, ::ffff:10.1.1.1"], "ip:198.51.100.7"),
        (["198.51.100.7:4711"], "ip:198.51.100.7"),
        (["[2001:db8:1:2::9]:443"], "ip:2001:db8:1:2::/64"),
        (["[2001:db8:1:2::9]"], "ip:2001:db8:1:2::/64"),
        (["2001:db8:1:2::9"], "ip:2001:db8:1:2::/64"),
        (['"198.51.100.7"'], "ip:198.51.100.7"),
        (["  198.51.100.7  "], "ip:198.51.100.7"),
        (["198.51.100.7,, ,"], "ip:198.51.100.7"),
        (["10.3.3.3, 10.2.2.2"], "ip:10.3.3.3"),
        ([], "ip:10.0.0.1"),
        ([""], "ip:10.0.0.1"),
    ],
    ids=str,
)
def test_trusted_hops_are_walked_from_the_right(lines: list[str], expected: str) -> None:
    assert TRUSTING(request(PROXY, *lines)) == expected


def test_garbage_is_a_client_of_its_own_and_never_the_proxy() -> None:
    garbage = [
        *("unknown", "_hidden", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "::g"),
        *("198.51.100.7:port", "[::1", "[]", "ÿ", "<script>", "x" * 9_999, "x" * 9_998),
    ]
    names = {TRUSTING(request(PROXY, f"203.0.113.9, {text}")) for text in garbage}
    assert len(names) == len(garbage)
    assert all(name.startswith("hop:") and len(name) == 36 for name in names)


def test_a_unix_socket_is_a_proxy_when_it_is_trusted() -> None:
    behind_socket = request(None, "203.0.113.9, 198.51.100.7")
    assert ClientIdentity(["unix"])(behind_socket) == "ip:198.51.100.7"
    assert WARY(behind_socket) == "peer:unknown"


def test_a_verified_key_is_a_client_wherever_it_comes_from_and_is_not_kept_in_clear() -> None:
    identity = ClientIdentity(verified_key=lambda request: request.headers.get("x-api-key"))
    first = identity(request("198.51.100.7", x_api_key="S3cr3t"))
    assert first == identity(request("198.51.100.8", x_api_key="S3cr3t"))
    assert first != identity(request("198.51.100.7", x_api_key="S3cr3t2"))
    assert "S3cr3t" not in first
    assert identity(request("198.51.100.7")) == "ip:198.51.100.7"


@pytest.mark.parametrize("text", ["10.0.0.0/33", "proxy.internal", "", "10.0.0.0/8,10.1.0.0/16"])
def test_proxies_that_are_not_networks_stop_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        ClientIdentity([text])


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("2001:db8:1:2::9", [], "2001:db8:1:2::9"),
        (None, ["203.0.113.9"], None),
        (PROXY, [], PROXY),
        (PROXY, ["203.0.113.9, 198.51.100.7:4711, 10.1.1.1"], "198.51.100.7"),
        (PROXY, ["[2001:db8:1:2::9]:443"], "2001:db8:1:2::9"),
        (PROXY, ["::ffff:198.51.100.7"], "198.51.100.7"),
        (PROXY, ["203.0.113.9, <script>"], None),
        (PROXY, ["x" * 60_000], None),
    ],
    ids=ascii,
)
def test_logs_are_told_the_address_itself(
    peer: str | None, lines: list[str], expected: str | None
) -> None:
    assert TRUSTING.address(request(peer, *lines)) == expected
    if peer != PROXY:
        assert WARY.address(request(peer, *lines)) == expected


def test_logs_are_told_the_address_behind_a_trusted_socket() -> None:
    behind_socket = request(None, "203.0.113.9, 198.51.100.7")
    assert ClientIdentity(["unix"]).address(behind_socket) == "198.51.100.7"
    assert ClientIdentity(["unix"]).address(request(None)) is None


header_lines = st.lists(
    st.one_of(
        st.text(st.characters(max_codepoint=255), max_size=30),
        st.from_regex(r"[0-9a-f:.,\[\]\" %]{0,40}", fullmatch=True),
        st.ip_addresses().map(str),
    ),
    max_size=4,
)


@given(header_lines)
def test_whatever_a_client_writes_it_remains_who_it_is(lines: list[str]) -> None:
    direct = request("198.51.100.7", *lines)
    for identity in (WARY, TRUSTING):
        assert identity(direct) == "ip:198.51.100.7"
        assert identity.address(direct) == "198.51.100.7"
    proxied = request(PROXY, *lines, "198.51.100.7")
    assert TRUSTING(proxied) == "ip:198.51.100.7"
    assert TRUSTING.address(proxied) == "198.51.100.7"


@given(header_lines)
def test_whatever_a_trusted_proxy_passes_on_names_a_client(lines: list[str]) -> None:
    strange = request(PROXY, *lines)
    assert TRUSTING(strange).startswith(("ip:", "hop:"))
    assert len(TRUSTING(strange)) < 60
    address = TRUSTING.address(strange)
    assert address is None or ip_address(address).version in {4, 6}
