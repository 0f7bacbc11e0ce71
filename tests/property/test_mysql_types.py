"""Codecs of MySQL and MariaDB with the database as oracle, in both wire forms.

Random values go into a real table. What the log's form becomes must be what a SELECT's form becomes, and
both must be what the database says by another way (casts, arithmetic, hexadecimal digits).
"""

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cdc.batch import Rows
from cdc.formats.json.payload import Dumpers
from cdc.formats.json.text import jackson_view
from cdc.sources.mysql.binlog.events import Rows as RowsEvent
from cdc.sources.mysql.binlog.events import TableMap
from cdc.sources.mysql.table_maps import definition_of, mismatches
from cdc.sources.mysql.types import Modes, resolve, type_name
from schemas.table import Column, Table
from tests.property.mysql_reader import (
    Log,
    definition,
    event_rows,
    json_template,
    selected,
    value_template,
)
from tests.servers.mysql import MySQLServer

Check = Callable[[Any, Any], bool]
DEFAULTS = Modes()
DUMPERS = Dumpers(numeric_decimals=False, defaults_for_null=False)


def quoted(text: str) -> str:
    """Return a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0") + "'"


def same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs)


def same_single(ours: float, theirs: float) -> bool:
    return struct.pack("<f", ours) == struct.pack("<f", theirs)


def same_float(ours: float, theirs: float) -> bool:
    return struct.pack("<d", ours) == struct.pack("<d", theirs)


def same_to_five_digits(ours: float, theirs: float) -> bool:
    # The server rounds what it prints; what it stores has the digits behind, too.
    return abs(ours - theirs) < 1e-5


def same_text(ours: str, theirs: bytes | str) -> bool:
    return ours == (theirs.decode() if isinstance(theirs, bytes) else theirs)


def same_bits(ours: bytes | bool, theirs: int) -> bool:
    return (int.from_bytes(ours, "little") if isinstance(ours, bytes) else int(ours)) == theirs


def same_json(ours: str, theirs: bytes | str) -> bool:
    return bool(_compact(ours) == _compact(theirs.decode() if isinstance(theirs, bytes) else theirs))


def _compact(text: str) -> Any:
    def members(pairs: list[tuple[str, Any]]) -> Any:
        return ("object", pairs)

    return json.loads(text, object_pairs_hook=members, parse_float=str, parse_int=str)


def same_geometry(ours: dict[str, Any], theirs: bytes) -> bool:
    return bool((ours["srid"] or 0).to_bytes(4, "little") + ours["wkb"] == theirs)


def same_time(ours: int, theirs: str) -> bool:
    hours, minutes, seconds = theirs.lstrip("-").split(":")
    micros = int((int(hours) * 3600 + int(minutes) * 60 + Decimal(seconds)) * 1_000_000)
    return ours == (-micros if theirs.startswith("-") else micros)


@dataclass(frozen=True)
class Case:
    """A column type, SQL literals for it, and the SQL (over `v`) that says what a value is."""

    type: str
    literals: st.SearchStrategy[str]
    oracle: str = "v"
    check: Check = same
    modes: Modes = DEFAULTS
    only: str = ""

    def __str__(self) -> str:
        return f"{self.type} {self.modes.time} {self.modes.decimal} {self.oracle}"[:60]


def integers(bits: int, *, unsigned: bool = False) -> st.SearchStrategy[str]:
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return st.integers(low, high).map(str)


def decimals(precision: int, scale: int) -> st.SearchStrategy[str]:
    return st.integers(-(10**precision) + 1, 10**precision - 1).map(
        lambda n: format(Decimal(n).scaleb(-scale), "f")
    )


def texts(alphabet: str | None = None) -> st.SearchStrategy[str]:
    some = st.characters(exclude_categories=["Cs"]) if alphabet is None else st.sampled_from(alphabet)
    return st.text(some, max_size=30).map(quoted)


floats = st.floats(allow_nan=False, allow_infinity=False).map(repr)
singles = st.floats(width=32, allow_nan=False, allow_infinity=False).map(repr)
octets = st.binary(max_size=40).map(lambda data: f"x'{data.hex()}'")
dates = st.dates().filter(lambda day: day.year >= 100).map(lambda day: f"'{day.year:04}-{day:%m-%d}'")
stamps = (
    st.datetimes()
    .filter(lambda m: m.year >= 100)
    .map(lambda m: f"'{m.year:04}{m:-%m-%d %H:%M:%S.%f}'")
    .filter(lambda text: not text.startswith("'9999-12-31 23:59:59"))
)
moments = st.integers(1, 2**31 - 2).flatmap(
    lambda seconds: st.integers(0, 999_999).map(lambda micros: f"from_unixtime({seconds}.{micros:06})")
)
times = st.integers(-(839 * 3600 - 1) * 10**6, (839 * 3600 - 1) * 10**6).map(
    lambda micros: f"sec_to_time({Decimal(micros).scaleb(-6)})"
)
LABELS = ("sad", "it''s", 'q"', "é汉", "{b}", "x")
labels = st.integers(1, len(LABELS)).map(str)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), inner, max_size=5)
    ),
    max_leaves=25,
).map(lambda value: quoted(json.dumps(value)))
opaque = st.one_of(
    decimals(20, 5).map(lambda n: f"json_array(cast({n} as decimal(30,5)))"),
    dates.map(lambda d: f"json_object('d', cast({d} as date))"),
    stamps.map(lambda d: f"json_object('t', cast({d} as datetime(6)))"),
    times.map(lambda t: f"json_array(cast({t} as time(6)))"),
    octets.map(lambda data: f"json_object('o', {data})"),
)
words = st.sampled_from((0, 0, 0, 1, 0xFFFF)) | st.integers(0, 0xFFFF)
inet6s = st.lists(words, min_size=8, max_size=8).map(lambda ws: f"'{':'.join(f'{w:x}' for w in ws)}'")
coordinates = st.floats(-1e6, 1e6)
points = st.tuples(coordinates, coordinates).map(lambda p: f"point({p[0]!r}, {p[1]!r})")
lines = st.lists(points, min_size=2, max_size=5).map(lambda ps: f"linestring({', '.join(ps)})")

_DAYS = "datediff(v, '1970-01-01')"
_MICROS = "timestampdiff(microsecond, '1970-01-01', v)"
_TIME = "cast(v as char)"
_ISO = "date_format(v, '%Y-%m-%dT%H:%i:%s.%fZ')"
_CLOCK = Modes(time="isostring", decimal="string", binary="hex", bigint_unsigned="precise")


def trimmed(ours: str, theirs: str) -> bool:
    """Whether two ISO texts are the same but for the zeros at the end of the fraction."""

    def parts(text: str) -> tuple[str, str]:
        clock, _, fraction = text.rstrip("Z").partition(".")
        return clock, fraction.rstrip("0")

    return parts(ours) == parts(theirs)


ISO_ALPHABETS = {
    "latin1": "aé€ü\x7fß'\\",
    "latin2": "ażółćŁ",
    "greek": "aΩλ",
    "koi8r": "aяЖ",
    "cp1251": "aЯё№",
    "gbk": "a汉字€中",
    "gb2312": "a汉字",
    "big5": "a漢字中",
    "sjis": "a日本語ｱ",
    "cp932": "a日本語ｱ①",
    "ujis": "a日本語",
    "eucjpms": "a日本語①",
    "euckr": "a한국어",
    "ucs2": "aé汉",
    "utf16": "aé汉😀",
    "utf32": "aé汉😀",
    "utf8mb3": "aé汉",
    "ascii": "ab~",
}

CASES = [
    Case("tinyint", integers(8)),
    Case("tinyint unsigned", integers(8, unsigned=True)),
    Case("smallint", integers(16)),
    Case("smallint unsigned", integers(16, unsigned=True)),
    Case("mediumint", integers(24)),
    Case("mediumint unsigned", integers(24, unsigned=True)),
    Case("int", integers(32)),
    Case("int unsigned zerofill", integers(32, unsigned=True), "v + 0"),
    Case("bigint", integers(64)),
    Case("bigint unsigned", integers(64, unsigned=True), "cast(v as signed)"),
    Case("bigint unsigned", integers(64, unsigned=True), "cast(v as decimal(20))", modes=_CLOCK),
    Case("float", singles, "v + 0e0", same_single),
    Case("float(7,3)", decimals(7, 3), "v + 0e0", same_single),
    Case("double", floats, check=same_float),
    Case("double(15,5)", decimals(14, 5), check=same_to_five_digits),
    *(
        Case(f"decimal({p},{s})", decimals(p, s), modes=modes, oracle=oracle)
        for p, s in ((10, 2), (65, 30), (5, 0), (9, 9), (18, 9), (19, 1))
        for modes, oracle in ((DEFAULTS, "v"), (_CLOCK, "cast(v as char)"))
    ),
    Case("decimal(12,4)", decimals(12, 4), "v + 0e0", same_float, Modes(decimal="double")),
    Case("bit(1)", st.sampled_from(["b'0'", "b'1'"]), "v + 0", same_bits),
    Case("bit(13)", integers(13, unsigned=True), "v + 0", same_bits),
    Case("bit(64)", integers(64, unsigned=True), "v + 0", same_bits),
    Case("year", st.just(0) .map(str) | st.integers(1901, 2155).map(str), "v + 0"),
    Case("date", dates, _DAYS),
    *(Case(f"datetime({p})", stamps, f"{_MICROS} div 1000") for p in (0, 1, 2, 3)),
    *(Case(f"datetime({p})", stamps, _MICROS) for p in (4, 5, 6)),
    *(Case(f"time({p})", times, _TIME, same_time) for p in range(7)),
    *(Case(f"timestamp({p}) null", moments, _ISO, trimmed) for p in range(7)),
    Case("datetime(6)", stamps, _ISO, trimmed, _CLOCK),
    Case("date", dates, "concat(v, 'Z')", modes=_CLOCK),
    Case("time(6)", times, "concat(v, 'Z')", trimmed, _CLOCK),
    Case("varchar(30) character set utf8mb4", texts()),
    Case("char(30) character set utf8mb4", texts().filter(lambda t: " " not in t and "\\0" not in t)),
    *(Case(f"varchar(30) character set {c}", texts(a)) for c, a in ISO_ALPHABETS.items()),
    Case("text character set latin1", texts(ISO_ALPHABETS["latin1"])),
    Case("enum({}) character set utf8mb4", labels, "cast(v as char)"),
    Case("set({}) character set utf8mb4", st.integers(0, 2 ** len(LABELS) - 1).map(str), "cast(v as char)"),
    Case("varbinary(40)", octets),
    Case("binary(40)", octets),
    Case("blob", octets, "lower(hex(v))", modes=_CLOCK),
    Case("json", documents | opaque, check=same_json, only="mysql"),
    Case("json", documents, only="mariadb"),
    Case("point", points, check=same_geometry),
    Case("geometry", lines | points, check=same_geometry),
    Case("uuid", st.uuids().map(lambda u: f"'{u}'"), "cast(v as char)", only="mariadb"),
    Case("inet4", st.ip_addresses(v=4).map(lambda a: f"'{a}'"), "cast(v as char)", only="mariadb"),
    Case("inet6", inet6s, "cast(v as char)", only="mariadb"),
    Case("varchar(30) compressed", st.text("ab", max_size=30).map(quoted), only="mariadb"),
    Case("blob compressed", octets.map(lambda data: f"repeat({data}, 30)"), only="mariadb"),
]  # fmt: skip


@pytest.fixture(params=["mysql", "mariadb"], scope="module")
def server(request: pytest.FixtureRequest) -> MySQLServer:
    """Return each of the products."""
    found: MySQLServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def database(server: MySQLServer) -> Iterator[str]:
    """Return a database that is gone afterwards."""
    name = server.create_database()
    yield name
    server.execute(f"drop database {name}")


class Corpus:
    """One table with a column for each case, so that a round trip to the database serves them all."""

    def __init__(self, server: MySQLServer, database: str) -> None:
        self.cases = [case for case in CASES if case.only in ("", server.name)]
        kinds = [case.type.format(", ".join(f"'{label}'" for label in LABELS)) for case in self.cases]
        columns = ", ".join(f"c{at} {kind}" for at, kind in enumerate(kinds))
        server.execute("drop table if exists t", database=database)
        server.execute(f"create table t (id int not null primary key, {columns})", database=database)
        self.server, self.database = server, database
        self.defined = definition(server, database, "t")

    def write(self, rows: list[list[str]]) -> tuple[list[RowsEvent], list[Any]]:
        """Write rows of literals; return the events, and what the database says of every value."""
        log = Log(self.server)
        names = [f"c{at}" for at in range(len(self.cases))]
        asked = ", ".join(re.sub(r"\bv\b", n, case.oracle) for n, case in zip(names, self.cases, strict=True))
        with self.server.connect(self.database, charset="utf8mb4") as session, session.cursor() as cursor:
            cursor.execute("set time_zone = '+00:00', sql_mode = ''")
            cursor.execute("delete from t")
            lines = ", ".join(f"({at}, {', '.join(row)})" for at, row in enumerate(rows))
            cursor.execute(f"insert into t values {lines}")
            cursor.execute(f"select {asked} from t order by id")
            theirs = list(cursor.fetchall())
        return [event for event in log.rows(self.database) if event.shape.op == "c"], theirs

    def table(self, mapped: TableMap | None) -> Table:
        """Return the table as row events have it, or as a SELECT does; each column by its own modes."""
        made = []
        for at, column in enumerate(self.defined.columns):
            found = resolve(column, self.cases[at - 1].modes if at else DEFAULTS)
            assert found is not None
            kind = found.text if mapped is None else found.binlog(mapped.columns[at])
            schema = kind.schema.as_optional(column.optional)
            made.append(Column(column.name, schema, kind.codec, column.type_name))
        return Table(self.defined.id, tuple(made), (made[0],))


def values(rows: Rows, table: Table) -> list[tuple[Any, ...]]:
    """Return the values of rows, once our JSON is seen to be that of the values."""
    found = rows.render(value_template(table)).after
    written = rows.render(json_template(table)).after
    dumps = [DUMPERS.of(column.schema) for column in table.columns]
    for row, texts in zip(found, written, strict=True):
        for value, text, dump in zip(row, texts, dumps, strict=True):
            assert jackson_view(text).encode("latin-1").decode() == dump(value)
    return found


def test_the_database_says_the_same(server: MySQLServer, database: str) -> None:
    """Write random values, read them in both forms, and ask the database."""
    corpus = Corpus(server, database)
    snapshot = corpus.table(None)
    rows = st.lists(
        st.tuples(*(case.literals | st.just("null") for case in corpus.cases)), min_size=1, max_size=9
    )

    @settings(
        max_examples=5,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    @given(rows)
    def check(rows: list[list[str]]) -> None:
        events, theirs = corpus.write(rows)
        mapped = events[0].shape.table
        assert mismatches(mapped, corpus.defined) == []
        logged = corpus.table(mapped)
        streamed = values(event_rows(events, corpus.defined, DEFAULTS, logged), logged)
        read = values(selected(server, corpus.defined, DEFAULTS, table=snapshot), snapshot)
        assert len(streamed) == len(read) == len(rows)
        for row in zip(rows, streamed, read, theirs, strict=True):
            for case, literal, ours, again, other in zip(
                corpus.cases, row[0], row[1][1:], row[2][1:], row[3], strict=True
            ):
                if other is None:
                    assert (ours, again) == (None, None), f"{case}: {literal} is NULL"
                else:
                    assert case.check(ours, other), f"{case}: {literal} is {other!r}, not {ours!r}"
                    assert case.check(again, other), f"{case}: {literal} is {other!r}, not {again!r} (SELECT)"

    check()


def test_a_full_table_map_is_a_definition(server: MySQLServer, database: str) -> None:
    """What the log alone says of a table reads its rows as the statement that made it does."""
    corpus = Corpus(server, database)
    events, _ = corpus.write([["null"] * len(corpus.cases)])
    mapped = events[0].shape.table
    found = definition_of(mapped)
    assert found is not None
    assert mismatches(mapped, found) == []
    assert (found.id, found.key) == (corpus.defined.id, corpus.defined.key)
    assert [column.name for column in found.columns] == [column.name for column in corpus.defined.columns]
    if server.name == "mysql":
        names = [type_name(column) for column in corpus.defined.columns]
        assert [
            replace(type_name(c), zerofill=names[at].zerofill) for at, c in enumerate(found.columns)
        ] == names
