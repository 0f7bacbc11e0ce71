"""The JDBC sink on real databases: what arrives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cdc.errors import RecordRejected
from schemas import connect, logical
from schemas.connect import Type
from sinks.jdbc import temporal
from tests.fakes.jdbc import DeadLetters, Target, Topic, by_column, open_sink
from tests.integration.jdbc.rows import SIMPLE, TEXT, names, put, row

PLACEHOLDER = "__debezium_unavailable_value"


def test_all_operations(target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(target)
    reached = put(sink, topic.batch(("r", row(1)), ("r", row(2)), ("c", row(3, None)), ("c", row(4))))
    assert reached == {("srv.public.t", 0): 4}
    put(
        sink, topic.batch(("u", row(1, "b")), ("d", row(2)), ("x", row(2)), ("u", row(1, "c")), ("x", row(4)))
    )
    assert names(target) == {1: "c", 3: None}
    stored = target.execute('SELECT next_offset FROM "_cdc_checkpoint"')
    assert stored == [(9,)]
    sink.close()


def test_many_rows_each_way(target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(target, batch_size="400")
    put(sink, topic.batch(*(("r", row(n, f"n\\{n}\t'\"\n")) for n in range(1000))))
    put(sink, topic.batch(*(("c", row(n, "c")) for n in range(900, 1500))))
    put(sink, topic.batch(*(("u", row(n, "é☃𝄞")) for n in range(200))))
    put(sink, topic.batch(*(("d", row(n)) for n in range(500, 700))))
    found = names(target)
    assert len(found) == 1300
    assert (found[0], found[300], found[950]) == ("é☃𝄞", "n\\300\t'\"\n", "c")
    sink.close()


def test_rows_by_column_are_rows(target: Target) -> None:
    """Whole, in pieces, again, beside others, without schemas, and one that the target refuses."""
    topic, letters = Topic(SIMPLE), DeadLetters()
    sink = open_sink(target, letters, batch_size="70")
    put(sink, by_column(topic.batch(*(("r", row(n, f"n\\{n}")) for n in range(100)))))
    put(sink, by_column(topic.batch(*(("r", row(n, "again", None)) for n in range(50, 150)))))
    put(sink, by_column(topic.batch(*(("u", row(n, None)) for n in (3, 4, 3)))), topic.batch(("d", row(5))))
    put(sink, by_column(topic.batch(("c", row(200)), ("c", row(201)), schemas=False)))
    refused = {**row(301), "amount": "no number"}
    bad = by_column(topic.batch(("c", row(300)), ("c", refused), ("c", row(302))))
    put(sink, bad)
    found = names(target)
    assert found == {
        **{n: f"n\\{n}" for n in range(50) if n not in (3, 4, 5)},
        **dict.fromkeys(range(50, 150), "again"),
        **dict.fromkeys((3, 4), None),
        **dict.fromkeys((200, 201, 300, 302), "a"),
    }
    assert [offset for offset, _ in letters.records] == [bad.offsets[1]]
    sink.close()


TYPES: dict[str, tuple[Any, Any]] = {
    "id": (connect.INT64, 1),
    "flag": (connect.BOOLEAN, True),
    "tiny": (connect.INT16, -5),
    "num": (connect.INT32, 2**31 - 1),
    "big": (connect.INT64, -(2**63)),
    "f4": (connect.FLOAT32, 1.5),
    "f8": (connect.FLOAT64, 0.1),
    "exact": (logical.decimal(9, 30), Decimal("123456789012345678901.123456789")),
    "any": (logical.variable_scale_decimal(), {"scale": 5, "value": (314159).to_bytes(3, "big")}),
    "day": (logical.semantic(Type.INT32, logical.DATE), 17109),
    "t": (logical.semantic(Type.INT64, logical.MICRO_TIME), 49890123456),
    "ts": (logical.semantic(Type.INT64, logical.MICRO_TIMESTAMP), 1478267490123456),
    "ms": (logical.semantic(Type.INT64, logical.TIMESTAMP), 1478267490123),
    "ns": (logical.semantic(Type.INT64, logical.NANO_TIMESTAMP), 1478267490123456000),
    "tz": (logical.semantic(Type.STRING, logical.ZONED_TIMESTAMP), "2016-11-04T11:51:30.123456Z"),
    "iso": (logical.semantic(Type.STRING, logical.ISO_TIMESTAMP), "2016-11-04T13:51:30.123456Z"),
    "j": (logical.semantic(Type.STRING, logical.JSON), '{"a": 1}'),
    "u": (logical.semantic(Type.STRING, logical.UUID), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "e": (logical.enum(["sad", "ok"]), "ok"),
    "data": (connect.BYTES, b"\x00\x01\\x'\xff"),
    "bits": (logical.bits(5), b"\x15"),
    "list": (connect.array(connect.OPTIONAL_STRING), ["a", None, 'b"\\,{}']),
    "took": (logical.semantic(Type.INT64, logical.MICRO_DURATION), -90061000001),
    "map": (connect.Schema(Type.MAP, keys=connect.STRING, values=connect.STRING), {"k": "v"}),
}


IN_POSTGRES = (
    'SELECT flag, tiny, num, big, f4, f8, exact::text, "any"::text, day::text, t::text, ts::text, ms::text,'
    " ns::text, tz::text, iso::text, j::text, u::text, e, data, bits::text, list, took::text, map::text"
    " FROM srv_public_t"
)


@pytest.mark.parametrize("form", [lambda batch: batch, by_column], ids=["structs", "columns"])
def test_types_arrive_as_types(target: Target, form: Any) -> None:
    topic = Topic({name: schema.as_optional(name != "id") for name, (schema, _value) in TYPES.items()})
    values = {name: value for name, (_schema, value) in TYPES.items()}
    nulls = dict.fromkeys(values) | {"id": 2}
    sink = open_sink(target)
    put(sink, form(topic.batch(("c", values), ("c", nulls))))
    columns = ", ".join(f'"{name}"' for name in TYPES if name not in ("id",))
    assert set(target.execute(f'SELECT {columns} FROM "srv_public_t" WHERE id = 2')[0]) == {None}
    exact = target.execute('SELECT exact, data, big, f8 FROM "srv_public_t" WHERE id = 1')[0]
    assert (Decimal(exact[0]), *exact[1:]) == (
        Decimal("123456789012345678901.123456789"), b"\x00\x01\\x'\xff", -(2**63), 0.1
    )  # fmt: skip
    times = target.execute('SELECT day, ts, tz, ns FROM "srv_public_t" WHERE id = 1')[0]
    assert [str(value).replace("+00:00", "") for value in times] == [
        "2016-11-04", "2016-11-04 13:51:30.123456", "2016-11-04 11:51:30.123456", "2016-11-04 13:51:30.123456"
    ]  # fmt: skip
    if target.dialect == "postgresql":
        assert target.execute(IN_POSTGRES + " WHERE id = 1") == [
            (True, -5, 2**31 - 1, -(2**63), 1.5, 0.1, "123456789012345678901.123456789", "3.14159",
             "2016-11-04", "13:51:30.123456", "2016-11-04 13:51:30.123456", "2016-11-04 13:51:30.123",
             "2016-11-04 13:51:30.123456", "2016-11-04 11:51:30.123456+00", "2016-11-04 13:51:30.123456",
             '{"a": 1}', "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ok", b"\x00\x01\\x'\xff", "10101",
             ["a", None, 'b"\\,{}'], "-25:01:01.000001", '{"k": "v"}')
        ]  # fmt: skip
    sink.close()


def test_extreme_values_of_postgres(postgres_target: Target) -> None:
    fields = {
        "id": connect.INT32,
        "f": connect.FLOAT64,
        "n": logical.decimal(2).as_optional(),
        "d": logical.semantic(Type.INT32, logical.DATE),
        "t": logical.semantic(Type.INT64, logical.MICRO_TIME),
        "ts": logical.semantic(Type.INT64, logical.MICRO_TIMESTAMP),
        "tz": logical.semantic(Type.STRING, logical.ZONED_TIMESTAMP),
    }
    rows = [
        (
            1,
            float("nan"),
            Decimal("NaN"),
            -719529,
            86400000000,
            9223372036825200000,
            "+294247-01-10T04:00:25.2Z",
        ),
        (2, float("-inf"), Decimal(0), -800000, 0, -9223372036832400000, "-0043-03-15T12:00:00Z"),
        (3, 0.0, Decimal("1E+3"), 2932896, 1, -62135596800000001, "9999-12-31T23:59:59.999999Z"),
    ]
    sink, topic = open_sink(postgres_target), Topic(fields)
    put(sink, topic.batch(*(("c", dict(zip(fields, values, strict=True))) for values in rows)))
    found = postgres_target.execute(
        "SELECT f::text, n::text, d::text, t::text, ts::text, tz::text FROM srv_public_t"
    )
    assert found == [
        ("NaN", "NaN", "0002-12-31 BC", "24:00:00", "infinity", "infinity"),
        ("-Infinity", "0", "0222-09-04 BC", "00:00:00", "-infinity", "0044-03-15 12:00:00+00 BC"),
        ("0", "1000", "9999-12-31", "00:00:00.000001", "0001-12-31 23:59:59.999999 BC",
         "9999-12-31 23:59:59.999999+00"),
    ]  # fmt: skip
    sink.close()


def test_days_are_those_of_postgres(postgres_target: Target) -> None:
    days = [*range(-800_000, 3_000_000, 9973), -719_528, -719_529, -719_162, -719_163]
    values = ",".join(f"({day})" for day in days)
    query = f"SELECT (date '1970-01-01' + v)::text FROM (VALUES {values}) AS t (v)"
    assert [temporal.date_text(day) for day in days] == [text for (text,) in postgres_target.execute(query)]


def test_unchanged_values_keep_the_column(target: Target) -> None:
    fields = {"id": connect.INT64, "name": TEXT, "blob": connect.BYTES.as_optional(), "note": TEXT}
    topic, sink = Topic(fields), open_sink(target)
    put(sink, topic.batch(("c", {"id": 1, "name": "long", "blob": b"long", "note": "a"})))
    gaps = {"name": PLACEHOLDER, "blob": PLACEHOLDER.encode(), "note": "b"}
    put(sink, topic.batch(("u", {"id": 1, **gaps}), ("u", {"id": 7, **gaps})))
    found = target.execute('SELECT id, name, "blob", note FROM "srv_public_t" ORDER BY id')
    assert found == [(1, "long", b"long", "b"), (7, None, None, "b")]
    full = {"id": 1, "name": "new", "blob": b"new", "note": "c"}
    put(sink, topic.batch(("u", full), ("u", {"id": 1, **gaps}), ("u", {"id": 1, **gaps, "note": "d"})))
    found = target.execute('SELECT id, name, "blob", note FROM "srv_public_t" WHERE id = 1')
    assert found == [(1, "new", b"new", "d")]
    sink.close()


def test_truncate(target: Target) -> None:
    topic = Topic(SIMPLE)
    for enabled, left in (("false", {1: "a", 2: "a", 3: "a"}), ("true", {3: "a"})):
        sink = open_sink(target, truncate_enabled=enabled)
        put(sink, topic.batch(("c", row(1)), ("c", row(2)), ("t", None), ("c", row(3))))
        assert names(target) == left
        sink.close()


def test_modes(target: Target) -> None:
    target.execute('CREATE TABLE "srv_public_t" (id bigint, name varchar(50), amount decimal(12,2))')
    topic = Topic(SIMPLE)
    sink = open_sink(target, insert_mode="insert", delete_enabled="false")
    put(sink, topic.batch(("c", row(1)), ("u", row(1)), ("d", row(1))))
    assert target.execute('SELECT count(*) FROM "srv_public_t"') == [(2,)]
    sink.close()
    sink = open_sink(target, insert_mode="update")
    put(sink, topic.batch(("c", row(1, "b")), ("c", row(9, "b"))))
    assert target.execute('SELECT name, count(*) FROM "srv_public_t" GROUP BY name') == [("b", 2)]
    sink.close()
    sink = open_sink(target)  # upsert without a unique index: the key decides all the same
    put(sink, topic.batch(("c", row(2, "b")), ("u", row(2, "c"))), topic.batch(("u", row(2, "d"))))
    assert target.execute('SELECT name FROM "srv_public_t" WHERE id = 2') == [("d",)]
    sink.close()


def test_keyless_records_are_appended_once(target: Target) -> None:
    topic, sink = Topic(SIMPLE, key=()), open_sink(target)
    batch = topic.batch(("c", row(1)), ("c", row(1)), ("d", row(1)))
    put(sink, batch, batch)
    sink.close()
    sink = open_sink(target)
    put(sink, batch)
    assert target.execute('SELECT count(*) FROM "srv_public_t"') == [(2,)]
    sink.close()


def test_kafka_and_value_keys(target: Target) -> None:
    sink, topic = open_sink(target, primary_key_mode="kafka", delete_enabled="false"), Topic(SIMPLE, key=())
    put(sink, topic.batch(("c", row(1)), ("c", row(1))))
    found = target.execute(
        'SELECT "__connect_topic", "__connect_partition", "__connect_offset" FROM "srv_public_t"'
    )
    assert sorted(found) == [("srv.public.t", 0, 0), ("srv.public.t", 0, 1)]
    sink.close()
    other = Topic(SIMPLE, key=(), name="other")
    sink = open_sink(target, pk_mode="record_value", pk_fields="id")
    put(sink, other.batch(("c", row(1)), ("c", row(2)), ("u", row(1, "z")), ("d", row(2))))
    assert names(target, "other") == {1: "z"}
    sink.close()


def test_flattened_records(target: Target) -> None:
    topic, sink = Topic(SIMPLE, flat=True), open_sink(target)
    put(sink, topic.batch(("c", row(1)), ("c", row(2)), ("d", row(2))))
    assert names(target) == {1: "a"}
    sink.close()


def test_plain_json_into_an_existing_table(target: Target) -> None:
    blob = "bytea" if target.dialect == "postgresql" else "blob"
    stamp = "datetime(6)" if target.dialect in ("mysql", "mariadb") else "timestamp(6)"
    target.execute(
        'CREATE TABLE "srv_public_t" (id bigint PRIMARY KEY, name varchar(50), amount decimal(12,2),'
        f" data {blob}, day date, ts {stamp})"
    )
    plain = {"id": 1, "name": "x", "amount": "BM4=", "data": "AAH/", "day": 17109, "ts": 1478267490123456}
    topic, sink = Topic(dict.fromkeys(plain, connect.STRING)), open_sink(target)
    put(sink, topic.batch(("c", plain), ("c", {**plain, "id": 2, "amount": 7.25}), schemas=False))
    found = target.execute('SELECT amount, data, day, ts FROM "srv_public_t" ORDER BY id')
    assert [Decimal(str(each[0])) for each in found] == [Decimal("12.30"), Decimal("7.25")]
    assert found[0][1] == b"\x00\x01\xff"
    assert [str(value) for value in found[0][2:]] == ["2016-11-04", "2016-11-04 13:51:30.123456"]
    sink.close()


def test_evolution(target: Target) -> None:
    sink = open_sink(target)
    first = Topic({"id": connect.INT32, "name": TEXT})
    second = Topic({"id": connect.INT32, "name": TEXT, "extra": connect.INT32.as_optional()})
    second.next = 2
    put(sink, first.batch(("c", {"id": 1, "name": "a"}), ("c", {"id": 2, "name": "a"})),
        second.batch(("u", {"id": 1, "name": "b", "extra": 5})))  # fmt: skip
    assert target.execute('SELECT id, name, extra FROM "srv_public_t" ORDER BY id') == [
        (1, "b", 5),
        (2, "a", None),
    ]
    sink.close()
    third = Topic({"id": connect.INT32, "name": TEXT, "more": TEXT})
    third.next = 3
    for option in ("none", "validate"):
        sink = open_sink(target, schema_evolution=option)
        sink.write(third.batch(("c", {"id": 3, "name": "a", "more": ""})))
        with pytest.raises(RecordRejected, match="more"):
            sink.flush()
        sink.close()
    if target.dialect != "sqlite":
        wide = Topic({"id": connect.INT32, "extra": connect.INT64.as_optional()})
        wide.next = 10
        sink = open_sink(target, schema_evolution="full")
        put(sink, wide.batch(("c", {"id": 4, "extra": 2**40})))
        assert target.execute('SELECT extra FROM "srv_public_t" WHERE id = 4') == [(2**40,)]
        sink.close()


def test_rows_that_are_there_get_the_default_of_an_added_column(target: Target) -> None:
    topic, sink = Topic(SIMPLE), open_sink(target)
    put(sink, topic.batch(("c", row(1))))
    added: dict[str, Any] = {
        "small": connect.INT16.with_default(-7),
        "word": TEXT.with_default("it's \\ 'quoted' \n ü"),
        "price": logical.decimal(2, 12).with_default(Decimal("12.50")),
        "ratio": connect.FLOAT64.with_default(0.25),
        "yes": connect.BOOLEAN.with_default(True),
        "raw": connect.BYTES.with_default(b"\x00'\xff"),
        "day": logical.semantic(Type.INT32, logical.DATE).with_default(11_240),
        "at": logical.semantic(Type.INT64, logical.MICRO_TIMESTAMP).with_default(1_600_000_000_123_456),
    }
    wider = Topic({**SIMPLE, **added})
    wider.next = 1
    put(sink, wider.batch(("c", row(2) | {name: schema.default for name, schema in added.items()})))
    names = ", ".join(f'"{name}"' for name in added)
    first, second = target.execute(f'SELECT {names} FROM "srv_public_t" ORDER BY id')
    assert first == second
    assert first[1] == added["word"].default
    sink.close()


def test_a_further_unique_index_keeps_the_order(target: Target) -> None:
    target.execute(
        'CREATE TABLE "srv_public_t" (id bigint PRIMARY KEY, name varchar(50) UNIQUE, amount decimal(12,2))'
    )
    topic, sink = Topic(SIMPLE), open_sink(target)
    put(sink, topic.batch(("c", row(1, "a")), ("c", row(2, "b"))))
    # In this order only: the name moves from 1 to 2, then 1 gets the one that 2 had.
    put(
        sink,
        topic.batch(
            ("u", row(1, "tmp")), ("u", row(2, "a")), ("u", row(1, "b")), ("d", row(2)), ("c", row(3, "a"))
        ),
    )
    assert names(target) == {1: "b", 3: "a"}
    sink.close()


def test_hostile_names(target: Target) -> None:
    bad = 'x"; drop table victims; --`%s{}'
    target.execute('CREATE TABLE "victims" (id int)')
    fields = {
        "id": connect.INT64,
        bad: TEXT,
        "select": TEXT,
        "naïve ☃": TEXT,
        "n" * 80: TEXT,
        "n" * 79 + "m": TEXT,
    }
    values = {name: f"v{i}" if i else 1 for i, name in enumerate(fields)}
    topic = Topic(fields, name="srv.public." + bad + "t" * 70)
    sink = open_sink(target)
    put(sink, topic.batch(("c", values)), topic.batch(*(("u", {**values, "id": n}) for n in range(100))))
    put(sink, topic.batch(("u", {**values, bad: PLACEHOLDER}), *(("d", {"id": n}) for n in range(50, 100))))
    assert target.execute('SELECT count(*) FROM "victims"') == [(0,)]
    (name,) = {table.name.name for table in sink.loader.tables.known.values()}
    quoted = name.replace('"', '""') if target.dialect in ("sqlite", "postgresql") else None
    if quoted:
        assert target.execute(f'SELECT count(*) FROM "{quoted}"') == [(50,)]
    sink.close()


def test_names_from_the_source(target: Target) -> None:
    topic = Topic(SIMPLE)
    sink = open_sink(target, collection_name_format="${source.table}_copy", column_naming_prefix="c_")
    put(sink, topic.batch(("c", row(1)), ("c", row(2)), ("d", row(2)), ("x", row(2))))
    assert target.execute('SELECT c_id FROM "t_copy"') == [(1,)]
    sink.close()
