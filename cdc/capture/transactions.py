"""Transaction metadata: BEGIN and END markers, and each event's place in its transaction.

All events of a transaction, and its two markers, carry the same id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdc.batch import ChangeBatch, RecordBatch, TransactionColumns
from cdc.java_hash import grown, hash_order
from schemas import connect
from schemas.connect import OPTIONAL_INT64, Schema, Type

KEY = connect.struct(
    "io.debezium.connector.common.TransactionMetadataKey", [("id", connect.STRING)], version=1
)
_COLLECTION = connect.struct(
    "event.collection",
    [("data_collection", connect.STRING), ("event_count", connect.INT64)],
    optional=True,
    version=1,
)
VALUE = connect.struct(
    "io.debezium.connector.common.TransactionMetadataValue",
    [
        ("status", connect.STRING),
        ("id", connect.STRING),
        ("event_count", OPTIONAL_INT64),
        ("data_collections", Schema(Type.ARRAY, optional=True, items=_COLLECTION)),
        ("ts_ms", connect.INT64),
    ],
    version=1,
)


_ORDER = "transaction_data_collection_order_"


class Mark(NamedTuple):
    """A transaction's border inside a chunk: where it stands, which one, begin or end."""

    seq: int
    transaction_id: str
    ts_ms: int
    begins: bool


class Numbered(NamedTuple):
    """A record of no table inside a chunk, numbered like an event; its value has a `transaction`.

    transaction: its transaction-level values; None outside of any. collection: what it is counted under.
    """

    seq: int
    record: RecordBatch
    transaction: Sequence[Any] | None
    collection: str


class TransactionTracker:
    """Number the events of transactions across chunks and make their markers."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._total = 0
        self._counts: Counter[str] = Counter()
        self._buckets = 16

    def apply(
        self,
        batches: Sequence[ChangeBatch],
        others: Sequence[Numbered],
        marks: Sequence[Mark],
        known_to: int = 0,
    ) -> RecordBatch | None:
        """Fill in the `transaction` of all events and return the markers, if there are any.

        The id of an event's transaction is the last of its transaction-level values; None: it is in none,
        and does not count. Markers before `known_to` are in the log already: they count, and are left out.
        """
        steps: list[tuple[int, ChangeBatch | Numbered | Mark]] = [(mark.seq, mark) for mark in marks]
        steps += [(other.seq, other) for other in others if other.transaction is not None]
        for batch in batches:
            steps.extend((seq, batch) for seq in batch.seq)
        columns: dict[int, tuple[list[int], list[int]]] = {id(batch): ([], []) for batch in batches}
        records: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for seq, step in sorted(steps, key=lambda step: step[0]):
            if isinstance(step, Mark):
                marker = self._marker(step)
                if seq >= known_to:
                    records.append(({"id": step.transaction_id}, marker))
            elif isinstance(step, Numbered):
                self._number(step)
            else:
                total, order = columns[id(step)]
                if step.transactions[len(total)][-1] is not None:
                    self._count(str(step.table.id))
                total.append(self._total)
                order.append(self._counts[str(step.table.id)])
        for batch in batches:
            ids = [transaction[-1] for transaction in batch.transactions]
            batch.transaction = TransactionColumns(ids, *columns[id(batch)])
        if not records:
            return None
        keys, values = map(list, zip(*records, strict=True))
        return RecordBatch(self.topic, KEY, VALUE, keys, values)

    def offset(self) -> dict[str, int]:
        """Return the counts of the transaction that is half read, as members of Debezium's offsets."""
        return {f"{_ORDER}{name}": count for name, count in self._counts.items()}

    def load(self, offset: Mapping[str, Any]) -> None:
        """Go on counting where the offset's transaction was half read."""
        self._counts = Counter(
            {name.removeprefix(_ORDER): count for name, count in offset.items() if name.startswith(_ORDER)}
        )
        self._total = self._counts.total()

    def _count(self, collection: str) -> None:
        self._total += 1
        self._counts[collection] += 1

    def _number(self, other: Numbered) -> None:
        assert other.transaction is not None
        self._count(other.collection)
        other.record.values[0]["transaction"] = {
            "id": other.transaction[-1],
            "total_order": self._total,
            "data_collection_order": self._counts[other.collection],
        }

    def _marker(self, mark: Mark) -> dict[str, Any]:
        marker = {
            "id": mark.transaction_id,
            "event_count": None,
            "data_collections": None,
            "ts_ms": mark.ts_ms,
        }
        if mark.begins:
            self._total = 0
            self._counts.clear()
            return marker | {"status": "BEGIN"}
        self._buckets = grown(len(self._counts), self._buckets)  # and so many they stay, as in Java
        ordered = hash_order(self._counts, self._buckets)
        collections = [{"data_collection": name, "event_count": self._counts[name]} for name in ordered]
        return marker | {"status": "END", "event_count": self._total, "data_collections": collections}
