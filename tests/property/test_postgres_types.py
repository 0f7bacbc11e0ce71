"""Codecs with the database as oracle: random values go in, COPY's text comes out and is decoded.

What the codec makes of the text is compared with what PostgreSQL itself says by another way (casts,
extract, binary results), and the JSON text with the JSON of the value.
"""

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdc.formats.json.payload import Dumpers
from cdc.formats.json.text import jackson_view
from cdc.relational.column_type import ColumnType, function
from cdc.sources.postgres.types import SESSION_SETTINGS, TYPE_QUERY, Modes, TypeCatalog, resolve
from tests.conftest import PostgresOf

Connection = psycopg.Connection[tuple[Any, ...]]
Check = Callable[[Any, Any], bool]

DUMPERS = Dumpers(numeric_decimals=False, defaults_for_null=False)
LABELS = ["sad", "a,b", "q\"uo'te", "back\\slash", "{brace}", "new\nline", "NULL", "", "é😀", " "]
DEFAULTS = Modes()


@pytest.fixture(scope="module")
def connection(postgres_of: PostgresOf) -> Iterator[Connection]:
    database = postgres_of(17).create_database()
    with database.connect() as session:
        for name, value in SESSION_SETTINGS.items():
            session.execute("SELECT set_config(%s, %s, false)", (name, value))
        labels = ", ".join("'" + label.replace("'", "''") + "'" for label in LABELS)
        session.execute(f"CREATE TYPE mood AS ENUM ({labels})")
        session.execute(
            "CREATE DOMAIN price AS numeric(10,2); CREATE DOMAIN cheap AS price CHECK (value < 9)"
        )
        session.execute("CREATE DOMAIN tags AS text[]; CREATE EXTENSION hstore; CREATE EXTENSION citext")
        yield session
    database.drop()


# -- values as literals ---------------------------------------------------------------------------

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
floats = st.floats().map(repr)
singles = st.floats(width=32).map(repr)
numerics = (
    st.decimals(allow_nan=True, allow_infinity=False)
    .map(lambda number: "NaN" if number.is_nan() else format(number, "f"))
    .filter(lambda text: len(text) < 1000)
)
prices = st.decimals("-99999999.99", "99999999.99", places=2).map(str)
dates = st.dates().map(lambda day: f"{day.year:04}-{day:%m-%d}")
old_dates = (
    st.tuples(dates, st.booleans())
    .map(lambda pair: f"{pair[0]}{' BC' if pair[1] else ''}")
    .filter(
        lambda text: (
            not text.startswith(tuple(f"{year:04}" for year in range(4714, 10000))) or not text.endswith("BC")
        )
    )
)
times = st.times().map(time.isoformat)
stamps = st.datetimes().map(lambda moment: f"{moment.year:04}{moment:-%m-%d %H:%M:%S.%f}")
offsets = st.tuples(st.sampled_from("+-"), st.integers(0, 15), st.integers(0, 59), st.integers(0, 59)).map(
    lambda parts: f"{parts[0]}{parts[1]:02}:{parts[2]:02}:{parts[3]:02}"
)
intervals = st.tuples(
    st.integers(-3000, 3000), st.integers(-40, 40), st.integers(-9999, 9999), st.integers(-(10**15), 10**15)
).map(lambda parts: f"{parts[0]} years {parts[1]} mons {parts[2]} days {parts[3]} microseconds")


def array_of(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Array literals: NULLs, and sometimes two dimensions."""

    def quoted(item: str | None) -> str:
        return "NULL" if item is None else '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'

    flat = st.lists(items | st.none(), max_size=5).map(lambda row: "{" + ",".join(map(quoted, row)) + "}")
    pair = st.tuples(items | st.none(), items | st.none()).map(
        lambda row: "{" + ",".join(map(quoted, row)) + "}"
    )
    return flat | st.lists(pair, min_size=1, max_size=3).map(lambda rows: "{" + ",".join(rows) + "}")


def flatten(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    return [one for item in value for one in flatten(item)]


# -- how what the codec says is compared with what the database says ------------------------------


def same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs)


def same_float(ours: float, theirs: float) -> bool:
    return struct.pack(">d", ours) == struct.pack(">d", theirs) or (ours != ours and theirs != theirs)


def same_single(ours: float, theirs: float) -> bool:
    return same_float(struct.unpack(">f", struct.pack(">f", ours))[0], theirs)


def same_decimal(ours: Decimal, theirs: Decimal) -> bool:
    return str(ours) == str(theirs)


def same_variable(ours: dict[str, Any], theirs: Decimal) -> bool:
    if theirs.is_nan():
        return ours == {"scale": 0, "value": b""}
    number = int.from_bytes(ours["value"], "big", signed=True)
    sign, digits, exponent = theirs.as_tuple()
    assert isinstance(exponent, int)
    theirs_unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    return number * 10**-exponent == theirs_unscaled * 10 ** ours["scale"]


def same_bits(ours: bytes, theirs: str) -> bool:
    return int.from_bytes(ours, "little") == int(theirs or "0", 2)


def same_array(check: Check = same) -> Check:
    def compare(ours: list[Any], theirs: Any) -> bool:
        pairs = zip(ours, flatten(theirs), strict=True)
        return all(one is other if other is None else check(one, other) for one, other in pairs)

    return compare


def same_json(ours: str, theirs: str) -> bool:
    return bool(json.loads(ours) == json.loads(theirs))


@dataclass(frozen=True)
class Case:
    """A column type, literals for it, and the SQL (over `v`) that says what a value is."""

    type: str
    literals: st.SearchStrategy[str]
    oracle: str = "v"
    check: Check = same
    modes: Modes = DEFAULTS

    def __str__(self) -> str:
        return f"{self.type} {self.oracle}"


_EPOCH = "(extract(epoch FROM v) * 1000000)::bigint"
_EACH = "ARRAY(SELECT (extract(epoch FROM e) * 1000000)::bigint FROM unnest(v) e)"
_LENGTH = (
    "((extract(year FROM v) * 12 + extract(month FROM v)) * 2629800000000 + extract(day FROM v) * 86400000000"
    " + extract(hour FROM v) * 3600000000 + extract(minute FROM v) * 60000000"
    " + extract(microseconds FROM v))::bigint"
)
_ISO = """to_char(v AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_NANOS = (
    "greatest(least(extract(epoch FROM v) * 1000000000, 9223372036854775807), -9223372036854775808)::bigint"
)
ISO = Modes(time="isostring", interval="string", decimal="string", hstore="map")

CASES = [
    Case("smallint", st.integers(-(2**15), 2**15 - 1).map(str)),
    Case("integer", st.integers(-(2**31), 2**31 - 1).map(str)),
    Case("bigint", st.integers(-(2**63), 2**63 - 1).map(str)),
    Case("oid", st.integers(0, 2**32 - 1).map(str), "v::bigint"),
    Case("boolean", st.sampled_from(["t", "f"])),
    Case("double precision", floats, check=same_float),
    Case("real", singles, "v::float8", same_single),
    Case("numeric", numerics, check=same_variable),
    Case("numeric(20,5)", prices, check=same_decimal),
    Case("numeric(20,-3)", prices, "v::numeric(20,0)", same_decimal),
    Case("numeric(20,5)", prices, "v::text", modes=ISO),
    Case("numeric", prices, "v::float8", modes=Modes(decimal="double")),
    Case("money", prices, "v::numeric", same_decimal),
    Case("price", prices, "v::numeric", same_decimal),
    Case("cheap", st.decimals("-99", "8.99", places=2).map(str), "v::numeric", same_decimal),
    Case("text", texts),
    Case("varchar(30)", texts),
    Case("char(30)", texts, "v::bpchar"),
    Case("citext", texts, "v::text"),
    Case("mood", st.sampled_from(LABELS), "v::text"),
    Case("uuid", st.uuids().map(str), "v::text"),
    Case("jsonb", texts.map(json.dumps), "v::text"),
    Case("json", texts.map(json.dumps), "v::text"),
    Case("bytea", st.binary(max_size=40).map(lambda data: "\\x" + data.hex())),
    Case("bit(13)", st.text("01", min_size=13, max_size=13), "v::text", same_bits),
    Case("bit varying", st.text("01", max_size=70), "v::text", same_bits),
    Case("date", old_dates, "v - DATE '1970-01-01'"),
    Case("time", times | st.just("24:00:00"), _EPOCH),
    Case("time(3)", times, "(extract(epoch FROM v) * 1000)::bigint"),
    Case("timestamp", stamps, _EPOCH),
    Case("timestamp", old_dates.map(lambda day: day.replace(" BC", " 12:34:56.5 BC")), _EPOCH),
    Case("timestamp", stamps, _NANOS, modes=Modes(time="nanoseconds")),
    Case("timestamp(3)", stamps, "(extract(epoch FROM v) * 1000)::bigint"),
    Case("timestamptz", stamps, _ISO),
    Case("interval", intervals, _LENGTH),
    Case("inet", st.ip_addresses().map(str), "host(v)"),
    Case("int4range", st.integers(-99, 99).map(lambda low: f"[{low},{low + 5})"), "v::text"),
    Case("tstzrange", stamps.map(lambda low: f"[{low},)"), "v::text"),
    Case("integer[]", array_of(st.integers(-(2**31), 2**31 - 1).map(str)), check=same_array()),
    Case("text[]", array_of(texts), check=same_array()),
    Case("tags", array_of(texts), "v::text[]", same_array()),
    Case("mood[]", array_of(st.sampled_from(LABELS)), "v::text[]", same_array()),
    Case("boolean[]", array_of(st.sampled_from(["t", "f"])), check=same_array()),
    Case("numeric[]", array_of(numerics), check=same_array(same_variable)),
    Case("numeric(20,5)[]", array_of(prices), check=same_array(same_decimal)),
    Case("float8[]", array_of(floats), check=same_array(same_float)),
    Case("bytea[]", array_of(st.binary(max_size=9).map(lambda d: "\\x" + d.hex())), check=same_array()),
    Case("uuid[]", array_of(st.uuids().map(str)), "v::text[]", same_array()),
    Case("jsonb[]", array_of(texts.map(json.dumps)), "v::text[]", same_array()),
    Case("timestamp[]", array_of(stamps), _EACH, same_array()),
    Case("time[]", array_of(times), _EACH, same_array()),
    Case("date[]", array_of(dates), "ARRAY(SELECT e - DATE '1970-01-01' FROM unnest(v) e)", same_array()),
    Case("hstore", st.dictionaries(texts, texts | st.none(), max_size=20).map(
        lambda pairs: ",".join(f"{_hstore(key)}=>{_hstore(value)}" for key, value in pairs.items())
    ), "hstore_to_json(v)::text", same_json),
]  # fmt: skip


def _hstore(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- the way through the database -----------------------------------------------------------------

_COPY_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def copied(connection: Connection) -> list[str]:
    """Return the column as the wire has it: COPY's text in the latin-1 view, unescaped."""
    with connection.cursor().copy("COPY (SELECT v FROM t ORDER BY id) TO STDOUT") as copy:
        lines = b"".join(map(bytes, copy)).decode("latin-1").split("\n")[:-1]
    unescape = re.compile(r"\\(.)", re.DOTALL)
    return [unescape.sub(lambda match: _COPY_ESCAPES.get(match[1], match[1]), line) for line in lines]


def column_type(connection: Connection, modes: Modes) -> ColumnType:
    catalog = TypeCatalog(
        lambda oids: connection.execute(TYPE_QUERY.replace("$1", "%s").encode(), (list(oids),))
    )
    row = connection.execute(
        "SELECT atttypid::bigint, atttypmod FROM pg_attribute"
        " WHERE attrelid = 't'::regclass AND attname = 'v'"
    ).fetchone()
    assert row is not None
    found = resolve(catalog[row[0]], row[1], modes)
    assert found is not None
    return found


def decoded(connection: Connection, case: Case, literals: list[str]) -> Iterator[tuple[str, Any, Any]]:
    """Yield wire text, our value and the database's, once our JSON is seen to be that of the value."""
    connection.execute("TRUNCATE t")
    statement = (
        f"INSERT INTO t (v) SELECT l::{case.type} FROM unnest(%s::text[]) WITH ORDINALITY u (l, n) ORDER BY n"
    )
    connection.execute(statement.encode(), (literals,))
    kind = column_type(connection, case.modes)
    assert kind.codec.json is not None
    value_of = function(kind.codec.value, kind.codec.scope)
    json_of = function(kind.codec.json, kind.codec.scope)
    dump = DUMPERS.of(kind.schema)
    oracle = connection.execute(f"SELECT {case.oracle} FROM t ORDER BY id".encode()).fetchall()
    for wire, (theirs,) in zip(copied(connection), oracle, strict=True):
        ours = value_of(wire)
        written = jackson_view(json_of(wire)).encode("latin-1").decode()
        assert written == dump(ours)
        json.loads(written)
        yield wire, ours, theirs


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_database_says_the_same(case: Case, connection: Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS t")
    connection.execute(f"CREATE TEMP TABLE t (id serial, v {case.type})".encode())

    @settings(max_examples=12, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(case.literals, min_size=1, max_size=25))
    def check(literals: list[str]) -> None:
        for wire, ours, theirs in decoded(connection, case, literals):
            assert case.check(ours, theirs), f"{wire!r} is {theirs!r}, not {ours!r}"

    check()


# What has no other form in SQL: our text goes back in, and must be the same value again.
ROUND_TRIPS = [
    Case("interval", intervals, "v::text", modes=ISO),
    Case("timetz", st.tuples(times, offsets).map("".join), "v::text"),
    Case("timestamptz", stamps, "v::text"),
    Case("time", times | st.just("24:00:00"), "v::text", modes=ISO),
]


@pytest.mark.parametrize("case", ROUND_TRIPS, ids=lambda case: f"{case.type} {case.modes.time}")
def test_text_is_the_same_value_again(case: Case, connection: Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS t")
    connection.execute(f"CREATE TEMP TABLE t (id serial, v {case.type})".encode())
    # A timetz equals another only in its own zone.
    back = "%s::timetz = (v AT TIME ZONE 'UTC')" if case.type == "timetz" else f"%s::{case.type} = v"

    @settings(max_examples=12, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(case.literals, min_size=1, max_size=10))
    def check(literals: list[str]) -> None:
        rows = list(decoded(connection, case, literals))
        ids = connection.execute("SELECT id FROM t ORDER BY id").fetchall()
        for (wire, ours, _), (row,) in zip(rows, ids, strict=True):
            query = f"SELECT {back} FROM t WHERE id = %s".encode()
            assert connection.execute(query, (ours, row)).fetchone() == (True,), f"{wire!r} is not {ours!r}"

    check()


def test_dates_of_the_whole_range(connection: Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS t")
    connection.execute("CREATE TEMP TABLE t (id serial, v date)")
    literals = ["4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "10000-01-01", "5874897-12-31", "1582-10-10"]
    case = Case("date", st.nothing(), "v - DATE '1970-01-01'")
    for wire, ours, theirs in decoded(connection, case, literals):
        assert ours == theirs, wire
    assert date(1970, 1, 1).toordinal() == 719163
