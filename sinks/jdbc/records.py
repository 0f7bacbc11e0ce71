"""Decoding: what each record of a batch asks of the table, whatever shape it comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from cdc.batch import RecordBatch
from cdc.columns import StructColumns
from schemas.connect import Field, Schema, Type
from sinks.jdbc.config import JdbcSinkConfig
from sinks.jdbc.events import Events, Images, as_rows, envelopes, flattened, is_envelope
from sinks.jdbc.key_changes import Keys, new_keys, old_keys, told
from sinks.jdbc.naming import TableName
from sinks.jdbc.session import RowsRejected
from sinks.jdbc.spans import Span

_FOREIGN = (
    ".SchemaChangeValue",
    ".TransactionMetadataValue",
    "io.debezium.connector.common.Heartbeat",
    "io.debezium.connector.postgresql.MessageValue",
)
KAFKA_KEY = Schema(
    Type.STRUCT,
    fields=(
        Field("__connect_topic", Schema(Type.STRING)),
        Field("__connect_partition", Schema(Type.INT32)),
        Field("__connect_offset", Schema(Type.INT64)),
    ),
)


@dataclass(slots=True)
class Rows:
    """Rows for one table, by column: the key of each (None: no key), its image (None: delete).

    before: images of deleted rows, where the record has one. positions: guard positions.
    old_keys: for rows whose key was changed, the key they had. new_keys: for deletes, the key that the row
    is about to get.
    """

    table: TableName
    topic: str
    key_schema: Schema | None
    row_schema: Schema | None
    keys: Sequence[Mapping[str, Any]] | None
    images: Images
    fresh: bool
    positions: list[int | None] = field(default_factory=list)
    old_keys: Keys = field(default_factory=dict)
    new_keys: Keys = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Truncation:
    """The source has emptied the table."""

    table: TableName
    topic: str


class Decoder:
    """Turn spans into rows and truncations, as the options say."""

    def __init__(self, config: JdbcSinkConfig) -> None:
        self.config = config
        self.partitions: Callable[[str], int] = lambda topic: 1
        self.names = config.table_names
        # Old images and sources cost time to look at, and few options ask for them.
        self.whole = config.key_mode == "record_value" or config.guard_column is not None
        self._fixed: dict[str, TableName | None] = {}

    def decode(self, span: Span) -> Iterator[Rows | Truncation]:
        """Yield what the records ask for, in order. Raises RowsRejected for what makes no sense."""
        schema = span.batch.value_schema
        if schema is not None and schema.name and schema.name.endswith(_FOREIGN):
            return
        values = span.batch.values[span.start : span.stop]
        envelope = is_envelope(schema, values)
        row_schema = schema.field("after") if envelope and schema is not None else schema
        events = envelopes(span, values, whole=self.whole) if envelope else flattened(span, values)
        if envelope:
            row_schema = as_rows(events, row_schema)
        for table, part in self._by_table(span.batch.topic, values, span.start, events):
            yield from self._of_table(span, table, part, row_schema)

    # -- tables --------------------------------------------------------------------------------

    def _by_table(
        self, topic: str, values: Sequence[Any], start: int, events: Events
    ) -> Iterator[tuple[TableName, Events]]:
        if not self.names.by_record:
            if topic not in self._fixed:
                self._fixed[topic] = self.names.resolve(topic, None)
            fixed = self._fixed[topic]
            assert fixed is not None
            yield fixed, events
            return
        resolved = [self._resolve(topic, values[i - start], last=None) for i in events.indices]
        last = self._fixed.get(topic)
        for position, name in enumerate(resolved):
            # A tombstone does not tell its table: it is that of the record before it.
            last = resolved[position] = name or last
        self._fixed[topic] = last
        for table, group in groupby(range(len(resolved)), key=lambda position: resolved[position]):
            part = events.part(list(group))
            if table is not None:
                yield table, part
            elif any(op != "d" for op in part.ops):
                raise RowsRejected(f"a record of {topic} lacks the fields that {self.names.pattern} asks for")

    def _resolve(self, topic: str, value: Any, *, last: TableName | None) -> TableName | None:
        return self.names.resolve(topic, value) or last

    # -- keys ----------------------------------------------------------------------------------

    def _of_table(
        self, span: Span, table: TableName, events: Events, row_schema: Schema | None
    ) -> Iterator[Rows | Truncation]:
        if "t" not in events.ops:
            yield from self._rows(span, table, events, row_schema)
            return
        for truncate, group in groupby(range(len(events.ops)), key=lambda i: events.ops[i] == "t"):
            if not truncate:
                yield from self._rows(span, table, events.part(list(group)), row_schema)
            elif self.config.truncate_enabled:
                yield Truncation(table, span.batch.topic)

    def _rows(
        self, span: Span, table: TableName, events: Events, row_schema: Schema | None
    ) -> Iterator[Rows]:
        if not events.indices:
            return
        keys, key_schema = self._keys(span, events, row_schema)
        if None not in keys:
            yield self._part(span, table, events, row_schema, keys, key_schema)
            return
        for keyed, group in groupby(range(len(keys)), key=lambda i: keys[i] is not None):
            chosen = list(group)
            part = events.part(chosen)
            found = [keys[i] for i in chosen] if keyed else None
            if keyed or (part := part.part([i for i, op in enumerate(part.ops) if op != "d"])).indices:
                yield self._part(span, table, part, row_schema, found, key_schema if keyed else None)

    def _part(
        self,
        span: Span,
        table: TableName,
        events: Events,
        row_schema: Schema | None,
        keys: Sequence[Any] | None,
        key_schema: Schema | None,
    ) -> Rows:
        guard = self.config.guard_column is not None
        rows = Rows(
            table,
            span.batch.topic,
            key_schema,
            row_schema,
            keys,
            events.images,
            fresh="u" not in events.ops,
            positions=list(map(position_of, events.sources)) if guard else [],
        )
        headers = _slice(span.batch.headers, events.indices) if keys and span.batch.headers else ()
        if told(headers):
            rows.old_keys = old_keys(headers, events.ops, key_schema)
            rows.new_keys = new_keys(headers, events.ops, key_schema)
            if rows.new_keys and self.partitions(span.batch.topic) != 1:
                rows.new_keys = {}  # elsewhere the new row may have been there, and be gone again
        return rows

    def _keys(
        self, span: Span, events: Events, row_schema: Schema | None
    ) -> tuple[Sequence[Any], Schema | None]:
        mode, batch = self.config.key_mode, span.batch
        count = len(events.indices)
        if mode == "none" or (mode == "automatic" and self.config.insert_mode == "insert" and not batch.keys):
            return [None] * count, None
        if mode == "kafka":
            topic, partition = span.partition
            names = [name.name for name in KAFKA_KEY.fields]
            return [
                dict(zip(names, (topic, partition, span.offset(i)), strict=True)) for i in events.indices
            ], KAFKA_KEY
        if mode == "record_value":
            images = [new or old for new, old in zip(events.images, events.before, strict=True)]
            return self._required(images, batch.topic), row_schema
        if mode == "record_header":
            return self._required([_headers(batch, i) for i in events.indices], batch.topic), None
        keys = _slice(batch.keys, events.indices)
        if batch.key_schema is not None and batch.key_schema.type is not Type.STRUCT:
            return self._primitive(keys, batch.key_schema)
        if batch.key_schema is None and not _are_structs(keys):
            return self._primitive(keys, None)
        return (self._required(keys, batch.topic) if mode == "record_key" else keys), batch.key_schema

    def _primitive(self, keys: Sequence[Any], schema: Schema | None) -> tuple[list[Any], Schema | None]:
        if len(self.config.key_fields) != 1:
            raise RowsRejected("the record's key is not a struct: name its column in primary.key.fields")
        name = self.config.key_fields[0]
        wrapped = None if schema is None else Schema(Type.STRUCT, fields=(Field(name, schema),))
        return [None if key is None else {name: key} for key in keys], wrapped

    def _required(self, keys: Sequence[Any], topic: str) -> Sequence[Any]:
        if None in keys:
            raise RowsRejected(f"a record of {topic} has no key for primary.key.mode={self.config.key_mode}")
        return keys


def _are_structs(keys: Sequence[Any]) -> bool:
    return isinstance(keys, StructColumns) or {dict, type(None)}.issuperset(map(type, keys))


def _slice(column: Sequence[Any], indices: Sequence[int]) -> Sequence[Any]:
    if len(indices) == indices[-1] - indices[0] + 1:
        return column[indices[0] : indices[-1] + 1]
    return [column[i] for i in indices]


def _headers(batch: RecordBatch, index: int) -> dict[str, Any] | None:
    headers = batch.headers[index] if batch.headers is not None else ()
    return {name: value for name, _schema, value in headers} or None


def position_of(source: Mapping[str, Any] | None) -> int | None:
    """Return a number that grows from each change of a row to the next, or None without a source.

    PostgreSQL: the LSN. MySQL and MariaDB: number and position of the binlog. Others: the commit time.
    """
    if source is None:
        return None
    if source.get("lsn") is not None:
        return int(source["lsn"])
    if source.get("file"):
        number = str(source["file"]).rpartition(".")[2]
        return (int(number) if number.isdigit() else 0) << 40 | int(source.get("pos") or 0)
    for name, factor in (("ts_ns", 1), ("ts_us", 1000), ("ts_ms", 1_000_000)):
        if source.get(name) is not None:
            return int(source[name]) * factor
    return None
