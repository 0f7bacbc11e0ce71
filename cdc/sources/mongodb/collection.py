"""A captured collection: everything about its events that does not change from document to document."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from cdc.batch import ChangeBatch, Header, Ref, SourceBlock
from cdc.capture import source_block as common
from cdc.errors import UnsupportedValue
from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.captured import CaptureRules
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.document_rows import DocumentRows
from cdc.sources.mongodb.elements import document, documents, elements, find, is_single, members
from cdc.sources.mongodb.fields import FieldEdits
from cdc.topics import TopicNames
from schemas import connect, logical
from schemas.connect import OPTIONAL_INT64, OPTIONAL_STRING, Schema, Type
from schemas.envelope import EventSchema, document_schema
from schemas.naming import adjust
from schemas.table import Codec, Column, Table, TableId

log = logging.getLogger(__name__)

CONNECTOR = "mongodb"
"""The connector's name in `source` and headers."""

SOURCE_SCHEMA = common.source_schema(
    "io.debezium.connector.mongo.Source",
    [
        ("collection", connect.STRING),
        ("ord", connect.INT32),
        ("lsid", OPTIONAL_STRING),
        ("txnNumber", OPTIONAL_INT64),
        ("wallTime", OPTIONAL_INT64),
    ],
)
"""Debezium's `source` block of the MongoDB connector (3.6)."""

_JSON = logical.semantic(Type.STRING, logical.JSON).as_optional()
_PACKAGE = "io.debezium.connector.mongodb.changestream"
_TRUNCATED = connect.struct(
    f"{_PACKAGE}.truncatedarray", [("field", connect.STRING), ("size", connect.INT32)], version=1
)
_UPDATE = connect.struct(
    f"{_PACKAGE}.updatedescription",
    [
        ("removedFields", connect.array(connect.STRING, optional=True)),
        ("updatedFields", _JSON),
        ("truncatedArrays", connect.array(_TRUNCATED, optional=True)),
    ],
    optional=True,
    version=1,
)
_MODES = {
    "legacy": (ejson.LEGACY, ejson.UPDATED_FIELDS),
    "strict": (ejson.LEGACY, ejson.LEGACY),
    "extended": (ejson.EXTENDED, ejson.EXTENDED),
    "relaxed": (ejson.RELAXED, ejson.RELAXED),
}
_int32 = struct.Struct("<i").unpack_from


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """One captured collection.

    source: the `source` of streamed events.
    """

    id: TableId
    topic: str
    table: Table
    events: EventSchema
    source: SourceBlock
    headers: Sequence[Header]
    tombstones: bool

    @property
    def namespace(self) -> str:
        """The collection's full name."""
        return f"{self.id.catalog}.{self.id.table}"

    def write(self, documents: Iterable[bytes | None], update: bytes | None) -> None:
        """Write documents and a description to nowhere; raises UnsupportedValue."""
        for column, values in ((self.table.columns[0], documents), (self.table.extra[0], (update,))):
            value = column.codec.scope[f"mongo_{column.name}"]
            for data in values:
                if data is not None:
                    value(data)

    def batch(
        self,
        *,
        ops: Sequence[str],
        rows: DocumentRows,
        transactions: Sequence[Sequence[Any]],
        seq: Sequence[int],
        clock_ns: int,
        size: int,
    ) -> ChangeBatch:
        """Return a batch of this collection's events; see `ChangeBatch` and `transaction_values`."""
        return ChangeBatch(
            topic=self.topic,
            table=self.table,
            schema=self.events,
            source=self.source,
            ops=ops,
            rows=rows,
            transactions=transactions,
            positions=(),
            seq=seq,
            clock_ns=clock_ns,
            size=size,
            headers=self.headers,
            tombstones=self.tombstones,
        )


class Collections:
    """Make the captured collections, once each."""

    def __init__(self, config: MongoConfig, topics: TopicNames, headers: Sequence[Header]) -> None:
        self._config, self._topics, self._headers = config, topics, headers
        self._rules = CaptureRules(config)
        self._known: dict[tuple[str, str], Collection | None] = {}
        self._blocks: dict[tuple[TableId, str], SourceBlock] = {}

    def find(self, database: str, name: str) -> Collection | None:
        """Return a collection; None when it is not captured."""
        key = (database, name)
        if key not in self._known:
            self._known[key] = self._make(*key) if self._rules.wants(*key) else None
        return self._known[key]

    def refusal(
        self, collection: Collection, *documents: bytes | None, update: bytes | None = None
    ) -> UnsupportedValue | None:
        """Return why documents cannot be written, where what cannot is to be left out; None: they can.

        Where it is to fail, whoever writes them does.
        """
        mode = self._config.failure_handling
        if mode == "fail":
            return None
        try:
            collection.write(documents, update)
        except UnsupportedValue as error:
            level = logging.WARNING if mode == "warn" else logging.DEBUG
            log.log(level, "An event of %s is left out: %s", collection.namespace, error)
            return error
        return None

    def wants_database(self, name: str) -> bool:
        """Whether any collection of a database may be captured."""
        return self._rules.wants_database(name)

    def block(self, table: TableId, marker: str) -> SourceBlock:
        """Return the `source` of a collection's events under a snapshot marker; Debezium has two here."""
        key = (table, "last" if marker == "last" else "true")
        if key not in self._blocks:
            self._blocks[key] = source_block(self._config.topic_prefix, *key)
        return self._blocks[key]

    def _make(self, database: str, name: str) -> Collection:
        config, table_id = self._config, TableId(database, "", name)
        documents_mode, updates_mode = _MODES[config.json_serialization_mode]
        paths = [*config.field_exclude, *config.field_renames]
        edits = FieldEdits.of(paths, f"{database}.{name}")
        whole = _documents(ejson.writer(documents_mode), edits)
        described = UpdateDescriptions(ejson.writer(updates_mode), edits)
        identity = ejson.writer(ejson.RELAXED)
        table = Table(
            table_id,
            (_column("document", _JSON, lambda data: whole(data)),),
            (_column("id", connect.STRING, lambda data: identity(data)[8:-1]),),
            (_column("updateDescription", _UPDATE, described.struct),),
        )
        topic = self._topics.data(database, name)
        namespace = adjust(topic, config.schema_name_adjustment)
        return Collection(
            id=table_id,
            topic=topic,
            table=table,
            events=document_schema(namespace, table, SOURCE_SCHEMA),
            source=source_block(config.topic_prefix, table_id, "false"),
            headers=self._headers,
            tombstones=config.tombstones_on_delete,
        )


def source_block(prefix: str, table: TableId, snapshot: str) -> SourceBlock:
    """Return the block of a collection's events; transaction-level values: see `transaction_values`."""
    own = (table.table, *(Ref(0, index) for index in range(3, 7)))
    return common.source_block(SOURCE_SCHEMA, CONNECTOR, prefix, snapshot, table.catalog, None, own)


def transaction_values(
    ms: int,
    order: int,
    *,
    lsid: str | None = None,
    number: int | None = None,
    wall_ms: int | None = None,
    transaction_id: str | None = None,
) -> tuple[Any, ...]:
    """Return what an event says of its place, in the order `source_block` refers to it."""
    return (*common.clock_values(ms * 1000), order, lsid, number, wall_ms, transaction_id)


class UpdateDescriptions:
    """Make the struct of an event's `updateDescription`."""

    def __init__(self, write: ejson.Write, edits: FieldEdits | None) -> None:
        self._write, self._edits = write, edits

    def struct(self, data: bytes) -> dict[str, Any]:
        """Return the struct; raises BrokenDocument, FieldClash."""
        found = members(data)
        return {
            "removedFields": self._removed(_value(data, found, b"removedFields")),
            "updatedFields": self._updated(_value(data, found, b"updatedFields")),
            "truncatedArrays": self._truncated(_value(data, found, b"truncatedArrays")),
        }

    def _updated(self, data: bytes | None) -> str | None:
        if data is None:
            return None
        return self._write(self._edits.updated_fields(data) if self._edits else data)

    def _removed(self, array: bytes | None) -> list[str] | None:
        if array is None:
            return None
        names = (array[one.value + 4 : one.stop - 1].decode() for one in elements(array))
        return [name for name in map(self._name, names) if name is not None] or None

    def _truncated(self, array: bytes | None) -> list[dict[str, Any]] | None:
        if array is None:
            return None
        found = []
        for start, stop in documents(array):
            one = array[start:stop]
            at = members(one)
            (field, end), (size, _) = at[b"field"], at[b"newSize"]
            name = self._name(one[field + 4 : end - 1].decode())
            if name is not None:
                found.append({"field": name, "size": _int32(one, size)[0]})
        return found or None

    def _name(self, name: str) -> str | None:
        return self._edits.name(name) if self._edits else name


def key_document(data: bytes) -> bytes:
    """Return the document of `_id` alone: the `documentKey` of a sharded collection has more."""
    if data[5:9] == b"_id\0" and is_single(data):
        return data
    found = find(data, b"_id")
    return document(()) if found is None else document((data[found.start : found.stop],))


def _value(data: bytes, found: dict[bytes, tuple[int, int]], name: bytes) -> bytes | None:
    start, stop = found.get(name, (0, 0))
    return data[start:stop] or None


def _documents(write: ejson.Write, edits: FieldEdits | None) -> ejson.Write:
    if edits is None:
        return write
    return lambda data: write(edits.document(data))


def _column(name: str, schema: Schema, value: Callable[[bytes], Any]) -> Column:
    """Return a column whose values this function makes of BSON; texts are quoted as soon as they are made."""
    function, quoted = f"mongo_{name}", f"mongo_{name}_json"
    json = f"{quoted}(v)" if schema.type is Type.STRING else None
    scope = {function: value, quoted: lambda data: _quoted(value(data))}
    return Column(name, schema, Codec(f"{function}(v)", json, scope), "bson")


def _quoted(text: str) -> str:
    return encode_basestring(text if text.isascii() else text.encode().decode("latin-1"))
