"""Documents as rows of a table."""

import logging
from typing import Any

import pytest

from cdc.batch import RecordBatch
from cdc.columns import EventColumns
from schemas import connect, logical
from schemas.connect import Type
from schemas.envelope import document_schema
from schemas.table import Codec, Column, Table, TableId
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.records import Decoder, Rows
from sinks.jdbc.spans import Span

JSON = logical.semantic(Type.STRING, logical.JSON).as_optional()
CODEC = Codec("v")
TABLE = Table(
    TableId("db", "", "c"),
    (Column("document", JSON, CODEC, "bson"),),
    (Column("id", connect.STRING, CODEC, "bson"),),
    (Column("updateDescription", connect.struct("u", [], optional=True), CODEC, "bson"),),
)
EVENTS = document_schema("p.db.c", TABLE, connect.struct("s", []))


def decoded(values: Any, *, schema: bool = True) -> list[Any]:
    batch = RecordBatch(
        "p.db.c",
        EVENTS.key if schema else None,
        EVENTS.value if schema else None,
        [{"id": str(n)} for n in range(len(values))],
        values,
        offsets=range(len(values)),
        partition=0,
    )
    config = JdbcSinkConfig({"connection.url": "jdbc:sqlite:x", "topics": "p.db.c"})
    return list(Decoder(config).decode(Span(batch, 0, len(values))))


def event(op: str, after: str | None, before: str | None = None) -> dict[str, Any]:
    return {"before": before, "after": after, "updateDescription": None, "source": {}, "op": op}


@pytest.mark.parametrize("schema", [True, False])
def test_a_document_is_one_column(schema: bool) -> None:
    (rows,) = decoded([event("c", '{"a": 1}'), event("d", None, "{}"), event("u", "{}")], schema=schema)
    assert isinstance(rows, Rows)
    assert rows.images == [{"document": '{"a": 1}'}, None, {"document": "{}"}]
    assert rows.keys == [{"id": "0"}, {"id": "1"}, {"id": "2"}]
    if schema:
        assert rows.row_schema is not None
        assert [(f.name, f.schema) for f in rows.row_schema.fields] == [("document", JSON)]


def test_columns_of_a_snapshot() -> None:
    (rows,) = decoded(EventColumns("rr", ["{}", '{"b": 2}'], lambda at: event("r", "{}")))
    assert rows.images == [{"document": "{}"}, {"document": '{"b": 2}'}]


def test_updates_without_a_document_are_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (rows,) = decoded([event("u", None), event("u", "{}")])
    assert (rows.keys, rows.images) == ([{"id": "1"}], [{"document": "{}"}])
    assert "change_streams_update_full" in caplog.text
