"""Values on their way into PostgreSQL and back: bound, cast, printed as JSON, decoded."""

import struct
from datetime import UTC, date, datetime, timedelta, timezone
from ipaddress import IPv4Interface, IPv6Interface, ip_network
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismiq.adapters.postgres.connection import SESSION_SETTINGS
from prismiq.adapters.postgres.parameters import Parameters
from prismiq.domain.model.plan import Column, Constant, Output
from prismiq.domain.model.query_limits import QueryLimits
from prismiq.domain.model.type_family import TypeFamily
from prismiq.domain.rules.date_windows import window_bounds
from prismiq.domain.rules.iso_durations import Duration
from prismiq.domain.rules.result_decoding import decode_rows
from prismiq.domain.rules.type_families import family_of
from prismiq.domain.rules.value_binding.binding import bind_list, bind_value

LABELS = ("sad", 'it\'s "ok"', "a,b{}\\", "NULL", "")
TEXT = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=30)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=12),
    "real": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double precision": st.floats(allow_nan=False, allow_infinity=False),
    "text": TEXT,
    "character": TEXT,
    "character varying": TEXT,
    "public.citext": TEXT,
    "name": TEXT,
    "boolean": st.booleans(),
    "date": st.dates(),
    "timestamp without time zone": st.datetimes(),
    "timestamp with time zone": st.datetimes(timezones=st.just(UTC)),
    "time without time zone": st.times(),
    "time with time zone": st.times(timezones=OFFSETS),
    "interval": st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6)),
    "uuid": st.uuids(),
    "bytea": st.binary(max_size=30),
    "public.mood": st.sampled_from(LABELS),
}
TYPED_LISTS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(VALUES[name], min_size=1, max_size=5))
)
CLOCK_CHANGES = [
    ("Europe/Berlin", "2024-03-31"),
    ("Europe/Berlin", "2024-10-27"),
    ("America/New_York", "2024-11-03"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Havana", "2024-03-10"),
    ("America/Havana", "2024-11-03"),
    ("Atlantic/Azores", "2023-10-29"),
    ("Australia/Lord_Howe", "2024-04-07"),
    ("Pacific/Apia", "2011-12-31"),
]


@pytest.fixture(scope="module")
async def server(module_connection: Any) -> Any:
    """A session that prints values as ours do."""
    labels = ", ".join("'" + label.replace("'", "''") + "'" for label in LABELS)
    await module_connection.execute(f"CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ({labels})")
    for name, value in SESSION_SETTINGS.items():
        await module_connection.execute("SELECT set_config($1, $2, false)", name, value)
    return module_connection


def context_of(data_type: str) -> dict[str, Any]:
    is_enum = data_type == "public.mood"
    return {
        "data_type": data_type,
        "family": family_of(data_type, is_enum=is_enum),
        "enum_values": LABELS if is_enum else None,
        "limits": QueryLimits(),
        "timezone": "Europe/Berlin",
    }


async def sent_back(server: Any, *constants: Constant) -> list[Any]:
    """Return what the server makes of constants, as Python callers of ours would get it."""
    parameters = Parameters()
    expressions = ", ".join([parameters.bind(constant) for constant in constants])
    row = await server.fetchval(f"SELECT json_build_array({expressions})", *parameters.values)
    outputs = [output_of(constant.data_type, constant.family) for constant in constants]
    return decode_rows(f"[{row}]".encode(), outputs)[0]


def output_of(data_type: str, family: TypeFamily) -> Output:
    return Output("c", Column(0, "c", data_type, family), data_type, family)


def as_shown(value: Any, data_type: str) -> Any:
    """A real has more digits in Python than the server prints."""
    return struct.unpack("f", struct.pack("f", value)) if data_type == "real" else value


@given(typed=TYPED_LISTS)
async def test_values_come_back_as_they_went_in(server: Any, typed: tuple[str, list[Any]]) -> None:
    data_type, values = typed
    constants = [bind_value(value, **context_of(data_type)) for value in values]
    answers = await sent_back(server, *constants)
    for value, answer in zip(values, answers, strict=True):
        assert type(answer) is type(value)
        assert as_shown(answer, data_type) == as_shown(value, data_type)


@given(typed=TYPED_LISTS)
async def test_lists_come_back_as_they_went_in(server: Any, typed: tuple[str, list[Any]]) -> None:
    data_type, values = typed
    [answers] = await sent_back(server, bind_list(values, **context_of(data_type)))
    assert [type(answer) for answer in answers] == [type(value) for value in values]
    assert [as_shown(answer, data_type) for answer in answers] == [
        as_shown(value, data_type) for value in values
    ]


@given(value=st.ip_addresses(), length=st.integers(0, 32))
async def test_addresses_mean_the_same_to_the_server(server: Any, value: Any, length: int) -> None:
    interface = (IPv4Interface if value.version == 4 else IPv6Interface)(f"{value}/{length}")
    network = ip_network(interface.network)
    for data_type, written in (("inet", str(interface)), ("cidr", str(network))):
        constant = bind_value(written, **context_of(data_type))
        assert await server.fetchval(
            f"SELECT CAST(CAST($1 AS text) AS {data_type}) = CAST(CAST($2 AS text) AS {data_type})",
            constant.value,
            written,
        )


@given(
    months=st.integers(-(10**5), 10**5),
    days=st.integers(-(10**6), 10**6),
    microseconds=st.integers(-(10**15), 10**15),
)
async def test_intervals_are_read_as_the_driver_reads_them(
    server: Any, months: int, days: int, microseconds: int
) -> None:
    written = Duration(months, days, microseconds).canonical()
    native, printed = await server.fetchrow(
        "SELECT i, json_build_array(i) FROM CAST(CAST($1 AS text) AS interval) AS i", written
    )
    outputs = [output_of("interval", TypeFamily.INTERVAL)]
    assert decode_rows(f"[{printed}]".encode(), outputs) == [[native]]


@pytest.mark.parametrize(("timezone", "day"), CLOCK_CHANGES)
async def test_a_day_holds_the_moments_that_the_server_dates_to_it(
    server: Any, timezone: str, day: str
) -> None:
    middle = date.fromisoformat(day)
    noon = datetime(middle.year, middle.month, middle.day, 12, tzinfo=ZoneInfo(timezone))
    moments = [noon + timedelta(minutes=minutes) for minutes in range(-2880, 2880, 15)]
    for offset in (-1, 0, 1):
        this_day = middle + timedelta(days=offset)
        start, end = window_bounds(
            this_day,
            this_day + timedelta(days=1),
            data_type="timestamp with time zone",
            family=TypeFamily.TIMESTAMPTZ,
            timezone=timezone,
        )
        disagreements = await server.fetch(
            "SELECT t FROM unnest($1::timestamptz[]) AS t"
            " WHERE (t >= $2 AND t < $3) <> ((t AT TIME ZONE $4)::date = $5)",
            moments,
            start.value,
            end.value,
            timezone,
            this_day,
        )
        assert disagreements == []
