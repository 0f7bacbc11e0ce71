"""Targets of the JDBC sink for tests, and records to write into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cdc.batch import Header, RecordBatch
from cdc.columns import EventColumns, StructColumns
from cdc.errors import RecordPosition, RecordRejected
from cdc.metrics import Metrics
from cdc.plugin import SinkContext
from schemas import connect
from schemas.connect import Schema
from sinks.jdbc import JdbcSink, JdbcSinkConfig

DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")


class Target:
    """An empty database of a dialect."""

    def __init__(self, dialect: str, request: pytest.FixtureRequest, folder: Path) -> None:
        self.dialect = dialect
        self._folder, self._server, self._name = folder, None, ""
        if dialect == "postgresql":
            self._server = request.getfixturevalue("database")
            self.url = f"jdbc:postgresql://127.0.0.1:{self._server.port}/{self._server.name}"
            self.login = {"connection.username": "postgres", "connection.password": "postgres"}
        elif dialect == "sqlite":
            self.url, self.login = f"jdbc:sqlite:{folder / 'target.db'}", {}
        else:
            self._server = request.getfixturevalue(dialect)
            self._name = self._server.create_database()
            self.url, self.login = self._server.url(self._name), {}

    def config(self, **options: str) -> dict[str, str]:
        """Return the options of a sink; underscores stand for dots."""
        named = {name.replace("_", "."): value for name, value in options.items()}
        return {"connection.url": self.url, "flush.retry.delay.ms": "50", **self.login, **named}

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL beside the sink; `"` quotes names in every dialect."""
        if self.dialect == "sqlite":
            with sqlite3.connect(self._folder / "target.db", timeout=10) as connection:
                rows = connection.execute(statement).fetchall()
            connection.close()
            return rows
        assert self._server is not None
        if self.dialect == "postgresql":
            return list(self._server.execute(statement))
        with self._server.connect(self._name) as connection, connection.cursor() as cursor:
            cursor.execute(statement.replace('"', "`"))
            rows = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
            return rows


@dataclass
class DeadLetters:
    """A reporter that sets records aside, or with `tolerate=False` fails."""

    tolerate: bool = True
    records: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, batch: RecordBatch, index: int, error: Exception) -> None:
        position = RecordPosition(batch.topic, batch.partition or 0, batch.offsets[index])
        if not self.tolerate:
            raise RecordRejected(position, batch.keys[index], str(error), stage="TASK_PUT")
        self.records.append((batch.offsets[index], str(error)))

    def commit(self) -> None:
        """Nothing is buffered."""


def open_sink(
    target: Target,
    reporter: DeadLetters | None = None,
    *,
    connector: str = "c",
    topic_id: Any = None,
    partitions: int = 1,
    **options: str,
) -> JdbcSink:
    """Return an opened sink."""
    sink = JdbcSink(JdbcSinkConfig(target.config(**options)))
    extra: dict[str, Any] = {} if topic_id is None else {"topic_id": topic_id}
    extra["partitions"] = lambda topic: partitions
    sink.open(SinkContext(connector, 0, reporter or DeadLetters(tolerate=False), Metrics(), **extra))
    return sink


class Topic:
    """Make records of one topic: envelopes (or `flat` rows), with ascending offsets."""

    def __init__(
        self,
        fields: Mapping[str, Schema],
        key: Sequence[str] = ("id",),
        *,
        name: str = "srv.public.t",
        flat: bool = False,
    ) -> None:
        self.name, self.key, self.flat = name, tuple(key), flat
        self.row = connect.struct(f"{name}.Value", fields.items(), optional=True)
        self.key_schema = connect.struct(f"{name}.Key", [(k, fields[k]) for k in key]) if key else None
        members = [("before", self.row), ("after", self.row), ("op", connect.STRING)]
        self.value_schema = self.row if flat else connect.struct(f"{name}.Envelope", members)
        self.next = 0

    def batch(self, *changes: tuple[str, Any], headers: Any = None, schemas: bool = True) -> RecordBatch:
        """Return records: ("c", row), ("u", row), ("d", key row), ("x", key row) a tombstone, ("t", None)."""
        keys, values = [], []
        for op, row in changes:
            keys.append({k: row[k] for k in self.key} if self.key and row else None)
            values.append(self._value(op, row))
        offsets = list(range(self.next, self.next + len(values)))
        self.next += len(values)
        batch = RecordBatch(
            self.name, self.key_schema, self.value_schema, keys, values, headers, None, 0, offsets
        )
        if not schemas:
            batch.key_schema = batch.value_schema = None
        return batch

    def _value(self, op: str, row: Any) -> Any:
        if op == "x" or (self.flat and op == "d"):
            return None
        if self.flat:
            return row
        before, after = (row, None) if op == "d" else (None, row)
        source = {"schema": "public", "table": "t", "lsn": (row or {}).get("lsn", self.next)}
        return {"before": before, "after": after, "op": op, "source": source}


def by_column(batch: RecordBatch) -> RecordBatch:
    """Return the same new rows the way a format reads those that the log has by column."""
    envelopes, keys = [*batch.values], [*batch.keys]
    after = _structs([envelope["after"] for envelope in envelopes])
    values = EventColumns([envelope["op"] for envelope in envelopes], after, lambda at: {**envelopes[at]})
    return replace(batch, keys=_structs(keys), values=values)


def _structs(rows: Sequence[Mapping[str, Any]]) -> StructColumns:
    return StructColumns([*rows[0]], [[row[name] for row in rows] for name in rows[0]], len(rows))


def header(name: str, value: Any) -> Sequence[Header]:
    """Return the headers of one record."""
    return [(name, None, value)]
