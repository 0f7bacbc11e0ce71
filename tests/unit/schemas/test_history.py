"""Schema histories and schema-change records, against what real Debezium wrote (tests/golden/history)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cdc.batch import RecordBatch
from cdc.runtime.encoder import Encoder
from cdc.runtime.formats import build_format, build_headers
from schemas import changes, history
from schemas.connect import Field, Schema, Type
from schemas.definition import ChangeKind, ColumnDefinition, IndexDefinition, TableChange, TableDefinition
from schemas.table import TableId
from schemas.table_documents import quoted, read_id

FOLDER = Path(__file__).parents[2] / "golden" / "history"
PRODUCTS = ("mysql", "mariadb")


def recorded(product: str, name: str) -> list[tuple[str | None, str]]:
    lines = (FOLDER / f"{product}_{name}.jsonl").read_text("utf-8").split("\n")
    return [tuple(json.loads(line)) for line in lines if line]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(
    ("name", "pretty"), [("history", True), ("history_comments", True), ("history_file", False)]
)
def test_a_history_is_read_and_written_to_the_byte(product: str, name: str, pretty: bool) -> None:
    records = recorded(product, name)
    assert records
    for key, value in records:
        assert key is None
        record = history.decode(value.encode())
        assert history.encode(record, pretty=pretty).decode() == value
        again = history.decode(history.encode(record, pretty=not pretty))
        assert again == record


def test_comments_are_left_out_unless_wanted() -> None:
    ((_, with_comments),) = recorded("mysql", "history_comments")
    record = history.decode(with_comments.encode())
    found = json.loads(history.encode(record, pretty=False, comments=False))
    (change,) = found["tableChanges"]
    assert change["comment"] is None
    assert {column["comment"] for column in change["table"]["columns"]} == {None}
    bare = [value for _, value in recorded("mysql", "history") if "CREATE TABLE `plain`" in value]
    assert change == json.loads(bare[0])["tableChanges"][0]


def test_definitions_say_what_the_statement_said() -> None:
    ((_, value),) = recorded("mysql", "history_comments")
    (change,) = history.decode(value.encode()).changes
    assert (change.kind, change.id) == (ChangeKind.CREATE, TableId("inv", "", "plain"))
    table = change.table
    assert table is not None
    assert (table.key, table.charset, table.comment) == (("id",), "utf8mb4", "table ''comment''")
    columns = {column.name: column for column in table.columns}
    assert columns["id"] == ColumnDefinition(
        "id", "INT", 4, optional=False, auto_incremented=True, generated=True
    )
    assert columns["price"] == ColumnDefinition(
        "price", "DECIMAL", 3, 10, 2, has_default=True, default="1.50"
    )
    assert columns["e"].enum_values == ("'a'", "'b''c'", "'d,e'")
    assert columns["note"].comment == 'say "hi" \\\\ ünï €'
    assert (columns["ts"].has_default, columns["ts"].default) == (True, None)


def test_renames_and_drops() -> None:
    found = [history.decode(value.encode()) for _, value in recorded("mysql", "history")]
    renamed = next(record for record in found if record.ddl == "rename table three to four")
    assert [(c.kind, c.id.table, c.previous_id) for c in renamed.changes] == [
        (ChangeKind.ALTER, "four", TableId("inv", "", "three"))
    ]
    dropped = next(record for record in found if record.ddl == "DROP TABLE `inv`.`gone`")
    assert dropped.changes == (TableChange(ChangeKind.DROP, TableId("inv", "", "gone")),)
    assert dropped.database == "inv"
    assert dropped.source == {"server": "plain"}
    assert dropped.position["file"] == "binlog.000001"


def test_generated_columns_survive_though_debezium_has_no_place_for_them() -> None:
    columns = (
        ColumnDefinition("a", "INT", 4),
        ColumnDefinition("s", "INT", 4, generated=True),
        ColumnDefinition('v"', "INT", 4, generated=True, virtual=True),
    )
    table_id = TableId("db", "", "t")
    assert_comes_back(TableDefinition(table_id, columns, ("a",)))


def assert_comes_back(table: TableDefinition) -> None:
    change = TableChange(ChangeKind.CREATE, table.id, table)
    record = history.HistoryRecord({"server": "s"}, {"pos": 4}, "create …", (change,), "db", None, 1)
    assert history.decode(history.encode(record, pretty=True)) == record


def test_indexes_survive_so_that_a_later_statement_can_drop_them() -> None:
    indexes = (
        IndexDefinition("PRIMARY", ("a",), unique=True, primary=True),
        IndexDefinition('ü "1"', ('b"', "ä"), unique=True, partial=True),
        IndexDefinition("expression", ()),
    )
    columns = (ColumnDefinition("a", "INT", 4), ColumnDefinition('b"', "TEXT", 12))
    assert_comes_back(TableDefinition(TableId("db", "", "t"), columns, ("a",), indexes=indexes))


@pytest.mark.parametrize("name", ["t", "a.b", 'in"side', "ünï 😀", "tab\t\x1f", "a.b.c", "", '.";'])
def test_any_name_of_a_table_comes_back(name: str) -> None:
    wanted = TableId("d.b", "", name or "x")
    assert read_id(quoted(wanted)) == wanted
    assert read_id(quoted(replace(wanted, schema='s"s'))) == replace(wanted, schema='s"s')


def test_a_name_that_ends_with_a_quote_is_written_as_debezium_does() -> None:
    odd = TableId("inv", "", 'we.ird "name"')
    assert quoted(odd) == '"inv".we.ird "name"'
    assert read_id(quoted(odd)) == odd


def test_text_is_escaped_as_jackson_does() -> None:
    ddl = 'x\x01\x1f\x7f\b\f\r\t"\\/\u2028😀\\u001f'
    record = history.HistoryRecord({}, {}, ddl)
    text = history.encode(record, pretty=False).decode()
    assert '"ddl":"x\\u0001\\u001F\x7f\\b\\f\\r\\t\\"\\\\/\u2028😀\\\\u001f"' in text
    assert history.decode(text.encode()) == record
    assert history.encode(record, pretty=True).startswith(b'{\n  "source" : { },\n  "position" : { },\n')


def test_half_a_surrogate_pair_is_read() -> None:
    record = history.decode(b'{"source":{},"position":{},"ddl":"\\ud83d"}')
    assert record.ddl == "\ud83d"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"position":{}}',
        b'{"source":{},"position":{},"tableChanges":[{"type":"ALTER","id":"\\"a\\".\\"b\\""}]}',
        b'{"source":{},"position":{},"tableChanges":[{"type":"OTHER","id":"\\"a\\".\\"b\\""}]}',
        b'{"source":{},"position":{},"tableChanges":[{"type":"DROP","id":"alone"}]}',
    ],
)
def test_what_is_no_record_is_said_to_be_none(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        history.decode(value)


# -- the schema-change topic -------------------------------------------------------------------


def _definition(document: dict, table_id: TableId) -> TableDefinition:  # type: ignore[type-arg]
    columns = tuple(
        ColumnDefinition(
            column["name"],
            column["typeName"],
            column["jdbcType"],
            column["length"],
            column["scale"],
            column["charsetName"],
            column["optional"],
            column["autoIncremented"],
            column["generated"],
            comment=column["comment"],
            default=column["defaultValueExpression"],
            enum_values=tuple(column["enumValues"] or ()),
        )
        for column in document["columns"]
    )
    key, charset = tuple(document["primaryKeyColumnNames"]), document["defaultCharsetName"]
    return TableDefinition(table_id, columns, key, charset, document["comment"])


def _changes(payload: dict) -> list[TableChange]:  # type: ignore[type-arg]
    found = []
    for change in payload["tableChanges"]:
        table_id = read_id(change["id"])
        table = None if change["table"] is None else _definition(change["table"], table_id)
        found.append(TableChange(ChangeKind(change["type"]), table_id, table))
    return found


def _source_schema(value: str) -> Schema:
    """Return the schema of the source block as the recording has it."""
    described = next(f for f in json.loads(value)["schema"]["fields"] if f["field"] == "source")

    def schema(of: dict) -> Schema:  # type: ignore[type-arg]
        return Schema(
            Type(of["type"]),
            optional=of["optional"],
            name=of.get("name"),
            version=of.get("version"),
            parameters=tuple(of.get("parameters", {}).items()),
            default=of.get("default"),
            fields=tuple(Field(member["field"], schema(member)) for member in of.get("fields", ())),
        )

    return schema(described)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(("name", "schemas"), [("changes", "false"), ("changes_schema", "true")])
def test_schema_changes_are_debeziums_to_the_byte(product: str, name: str, schemas: str) -> None:
    source_schema = _source_schema(recorded(product, "changes_schema")[0][1])
    config = {f"{part}.converter.schemas.enable": schemas for part in ("key", "value")}
    config |= {f"{part}.converter": "json" for part in ("key", "value")}
    encoder = Encoder(
        build_format("key", config, {}), build_format("value", config, {}), build_headers({}, {})
    )
    records = recorded(product, name)
    assert records
    for key, value in records:
        payload = json.loads(value)["payload"] if schemas == "true" else json.loads(value)
        ours = changes.value(
            payload["source"], payload["ts_ms"], payload["databaseName"], payload["ddl"], _changes(payload)
        )
        batch = RecordBatch(
            "topic",
            changes.key_schema(product),
            changes.value_schema(product, source_schema),
            [changes.key(payload["databaseName"])],
            [ours],
        )
        (encoded,) = encoder.encode(batch)
        ((our_key, our_value),) = encoded.whole()
        assert our_key is not None
        assert our_value is not None
        assert (our_key.decode(), our_value.decode()) == (key, value)
