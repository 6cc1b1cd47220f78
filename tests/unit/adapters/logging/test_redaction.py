"""Secrets stay out, in whatever form they come, and what is harmless stays in."""

import json
import logging
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from prismiq.adapters.logging.console_formatter import ConsoleFormatter
from prismiq.adapters.logging.json_formatter import JsonFormatter
from prismiq.adapters.logging.queueing_handler import LineFormatter
from prismiq.adapters.logging.redaction import Redactor

SECRET = "S3cr3t-V4lue"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"

TEXTS = [
    f"postgresql://ann:{SECRET}@localhost/shop",
    f"cannot connect to postgres://ann:{SECRET}@10.0.0.1:5432/shop?sslmode=require now",
    f"postgresql://ann:{SECRET}/with@slash@localhost/shop",
    f'postgresql://ann:quo"te{SECRET}@localhost/shop',
    f"redis://:{SECRET}@localhost:6379/0",
    f"rediss://default:{SECRET}@h,b,c",
    f"https://{SECRET}@github.com/x",
    f"amqp+ssl://u:{SECRET}@h",
    f"host=h user=u password={SECRET} dbname=d",
    f"host=h password='{SECRET} with space' dbname=d",
    f"host=h password='it\\'s {SECRET}'",
    f'password="{SECRET}, and more',
    f"ALTER ROLE ann PASSWORD '{SECRET}'",
    f"/callback?code=1&access_token={SECRET}&x=1",
    f"/callback?api_key={SECRET}",
    f"/x?api-key={SECRET};jsessionid={SECRET}",
    f"PGPASSWORD={SECRET} psql",
    f"AWS_SECRET_ACCESS_KEY: {SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"authorization: Basic {SECRET}",
    f"Proxy-Authorization: Digest username=u, response={SECRET}",
    f"headers={{'Authorization': 'Token {SECRET}', 'host': 'x'}}",
    f"headers=[(b'authorization', b'Bearer {SECRET}'), (b'host', b'x')]",
    f"[('cookie', 'a=b; session={SECRET}')]",
    f"Cookie: theme=dark; sid={SECRET}",
    f"Set-Cookie: sid={SECRET}; HttpOnly",
    f"sent bearer {SECRET} along",
    f'{{"password": "{SECRET}", "user": "ann"}}',
    f'{{"client_secret":"a\\"{SECRET}"}}',
    f"{{'dbPassword': '{SECRET}'}}",
    f"X-Api-Key: {SECRET}",
    f"refresh-token => {SECRET}",
    f"passphrase={SECRET}",
    f"credentials: {SECRET}",
    f"private_key={SECRET}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
    f"connecting\nPASSWORD: {SECRET}\nagain",
]
TOKENS = [
    JWT,
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "github_pat_11ABCDEFG0123456789_abcdefghij",
    "glpat-0123456789abcdefghij",
    "xoxb-123456789012-abcdefghijkl",
    "sk-proj-0123456789abcdefghij",
    "sk_live_0123456789abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA0123456789abcdefghij",
    "Basic YW5uOlMzY3IzdA==",
]
HARMLESS = [
    "Request completed",
    "/api/tables/flights/columns/carrier/sample",
    "postgresql://localhost:5432/shop",
    "postgresql://reader@localhost/shop",
    "see https://example.com/a:b/c for more",
    "ann@example.com wrote",
    "Basic functionality was tested",
    "the passenger passed the gate",
    "no secrets here",
    "tokens are counted",
    "task-12345678901234567890",
    "Mozilla/5.0 (X11; Linux x86_64)",
    "4bf92f3577b34da6a3ce929d0e0e4736",
]
NAMES = [
    *("password", "PASSWORD", "db_password", "dbPassword", "passwd", "pwd", "passphrase"),
    *("secret", "client_secret", "token", "access_token", "refreshToken", "csrf-token"),
    *("api_key", "apiKey", "X-Api-Key", "access_key", "private_key", "authorization"),
    *("Proxy-Authorization", "cookie", "Set-Cookie", "credentials", "session_id", "jwt", "auth"),
]
FORMATTERS: list[LineFormatter] = [
    JsonFormatter(),
    ConsoleFormatter(),
    ConsoleFormatter(colours=True),
]


def lines_of(message: Any = "said", *arguments: Any, **extras: Any) -> str:
    record = logging.makeLogRecord({"msg": message, "args": arguments, **extras})
    return "\n".join(formatter.line(record).decode() for formatter in FORMATTERS)


def a_traceback(text: str) -> Any:
    try:
        try:
            raise ValueError(text)  # noqa: TRY301
        except ValueError as cause:
            raise RuntimeError("failed") from cause
    except RuntimeError:
        return sys.exc_info()


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_a_text_appears_nowhere(text: str) -> None:
    for lines in (
        lines_of(text),
        lines_of("%s", text),
        lines_of("%r", {"at": text}),
        lines_of(detail=text),
        lines_of(detail={"a": [text, {"b": (text,)}]}),
        lines_of(detail=text.encode()),
        lines_of(detail=ValueError(text)),
        lines_of(**{"n " + text: 1}),
        lines_of(detail={text: 1}),
        lines_of(exc_info=a_traceback(text)),
        lines_of(stack_info=text),
        lines_of("%d", text),
        lines_of("x" * 100_000 + " " + text),
    ):
        assert SECRET not in lines
        assert "***" in lines or "100046" in lines or "1000" in lines


@pytest.mark.parametrize("position", range(8_100, 8_240, 7))
def test_a_secret_where_a_text_is_cut_does_not_show_its_beginning(position: int) -> None:
    lines = lines_of("x" * position + " postgresql://ann:" + SECRET * 20 + "@localhost/shop")
    assert SECRET not in lines


@pytest.mark.parametrize("token", TOKENS)
def test_what_is_a_token_by_its_looks_is_masked(token: str) -> None:
    lines = lines_of(f"got {token} from them", detail=[token])
    assert token not in lines
    assert token[-12:] not in lines


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [SECRET, SECRET.encode(), [SECRET], {"a": SECRET}, 123_456_789])
def test_values_with_the_name_of_a_secret_are_masked_at_any_depth(name: str, value: Any) -> None:
    for lines in (
        lines_of(**{name: value}),
        lines_of(request={"headers": {name: value, "host": "x"}}),
        lines_of(detail=[{name: value}]),
    ):
        assert SECRET not in lines
        assert "123456789" not in lines


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_is_told_as_it_is(text: str) -> None:
    document = json.loads(
        JsonFormatter().line(logging.makeLogRecord({"msg": text, "detail": text}))
    )
    assert (document["message"], document["detail"]) == (text, text)


def test_an_absent_secret_is_told_as_absent() -> None:
    record = logging.makeLogRecord({"msg": "", "password": None, "token": False})
    document = json.loads(JsonFormatter().line(record))
    assert (document["password"], document["token"]) == (None, False)


def test_pydantics_secrets_hide_themselves() -> None:
    assert SECRET not in lines_of(detail=SecretStr(SECRET), more=[SecretStr(SECRET)])


def test_secrets_that_are_known_appear_nowhere() -> None:
    formatter = JsonFormatter(secrets=["correct horse", "correct horse battery", "ann", 'a"\\ü'])
    record = logging.makeLogRecord(
        {
            "msg": "invalid literal: 'correct horse battery' of ann",
            "detail": {"correct horse": ["it is correct horse", 'a"\\ü']},
        }
    )
    line = formatter.line(record).decode()
    assert "horse" not in line
    assert "battery" not in line
    assert "of ann" in line  # too short: it would be found in every other word
    assert json.loads(line)["detail"] == {"***": ["it is ***", 'a"\\ü']}


def test_where_the_password_ends_the_address_goes_on() -> None:
    assert Redactor().text("postgresql://ann:S3CRET@db:5432/shop is down") == (
        "postgresql://ann:***@db:5432/shop is down"
    )


def test_what_it_remembers_is_bounded() -> None:
    redactor = Redactor()
    for number in range(10_000):
        redactor.text(f"text {number}")
        redactor.text("x" * 1_000 + str(number))
        redactor.hides(f"name {number}")
        redactor.hides("x" * 1_000 + str(number))
    assert len(redactor.harmless) <= 4_096
    assert max(map(len, redactor.harmless)) <= 256
    assert len(redactor._hidden) <= 4_096


def test_long_texts_of_what_looks_like_secrets_take_no_time_to_speak_of() -> None:
    """Patterns that try everything twice would be found out here: they would never end."""
    redactor = Redactor()
    for text in (
        "://" * 3_000,
        "password" * 1_000,
        "eyJ." * 2_000,
        "'" * 8_000 + "token",
        "a-" * 4_000 + "token=",
    ):
        redactor.text(text)
