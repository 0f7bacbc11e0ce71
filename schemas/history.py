"""Schema history: what Debezium writes of every DDL statement, to read it back at every start.

A record is a JSON document, see io.debezium.relational.history.HistoryRecord. In a Kafka topic it is
printed over many lines, in a file it is one line; both are read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas.definition import TableChange
from schemas.table_documents import history_document, read_change


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One statement, or the part of it that concerns one table.

    source: Debezium's source partition, which tells apart who shares a topic. position: the source's offset
    behind the statement. ts_ms: when it was written. database: where the statement ran. changes: what it did
    to tables; empty where it made and changed none (but it may have set a default, or dropped a whole
    database), None in histories of early versions, which have the statement alone.
    """

    source: Mapping[str, Any]
    position: Mapping[str, Any]
    ddl: str | None
    changes: tuple[TableChange, ...] | None = ()
    database: str | None = None
    schema: str | None = None
    ts_ms: int | None = None


def encode(record: HistoryRecord, *, pretty: bool, comments: bool = True) -> bytes:
    """Return a record as Debezium writes it: `pretty` into a topic, else into a file."""
    optional = {
        "ts_ms": record.ts_ms,
        "databaseName": record.database,
        "schemaName": record.schema,
        "ddl": record.ddl,
    }
    document: dict[str, Any] = {"source": dict(record.source), "position": dict(record.position)}
    document |= {name: value for name, value in optional.items() if value is not None}
    if record.changes is not None:
        document["tableChanges"] = [history_document(change, comments=comments) for change in record.changes]
    return (_pretty(document, "\n") if pretty else _compact(document)).encode("utf-8", "surrogatepass")


def decode(value: bytes) -> HistoryRecord:
    """Return the record of a document; raises ValueError for what is none."""
    try:
        document = orjson.loads(value)
    except ValueError:
        document = json.loads(value)  # Java writes halves of surrogate pairs, which orjson refuses
    try:
        found = document.get("tableChanges")
        return HistoryRecord(
            document["source"],
            document["position"],
            document.get("ddl"),
            None if found is None else tuple(map(read_change, found)),
            document.get("databaseName"),
            document.get("schemaName"),
            document.get("ts_ms"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no record of a schema history: {error!r}") from None


# -- JSON as Jackson prints it -----------------------------------------------------------------

_ESCAPED: Final = re.compile(r'[\x00-\x1f"\\]')
_SHORT: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPES: Final = {chr(code): f"\\u{code:04X}" for code in range(0x20)} | _SHORT


_WORDS: Final = {None: "null", True: "true", False: "false"}


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = value.isprintable() and '"' not in value and "\\" not in value
        return f'"{value}"' if plain else '"' + _ESCAPED.sub(_escape, value) + '"'
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value)


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_scalar(name)}:{_compact(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return _scalar(value)


def _pretty(value: Any, line: str) -> str:
    """Print as Jackson's DefaultPrettyPrinter; `line` is a line end with the indentation reached."""
    if isinstance(value, dict):
        inner = line + "  "
        members = [f'{inner}"{name}" : {_pretty(member, inner)}' for name, member in value.items()]
        return "{" + ",".join(members) + line + "}" if members else "{ }"
    if isinstance(value, list):
        return "[ " + ", ".join([_pretty(item, line) for item in value]) + " ]" if value else "[ ]"
    return _scalar(value)
