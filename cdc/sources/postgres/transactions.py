"""Transaction metadata: BEGIN and END markers, and each event's place in its transaction.

All events of a transaction, and its two markers, carry the same id: `xid:LSN` of the BEGIN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from cdc.batch import ChangeBatch, RecordBatch, TransactionColumns
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


class Mark(NamedTuple):
    """A transaction's border inside a chunk: where it stands, which one, begin or end."""

    seq: int
    transaction_id: str
    ts_ms: int
    begins: bool


class TransactionTracker:
    """Number the events of transactions across chunks and make their markers."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._total = 0
        self._counts: Counter[str] = Counter()

    def apply(self, batches: Sequence[ChangeBatch], marks: Sequence[Mark]) -> RecordBatch | None:
        """Fill in each batch's `transaction` and return the markers, if there are any.

        The id of a row's transaction is the last of its transaction-level values.
        """
        steps: list[tuple[int, ChangeBatch | Mark]] = [(mark.seq, mark) for mark in marks]
        for batch in batches:
            steps.extend((seq, batch) for seq in batch.seq)
        columns: dict[int, tuple[list[int], list[int]]] = {id(batch): ([], []) for batch in batches}
        records: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for _, step in sorted(steps, key=lambda step: step[0]):
            if isinstance(step, Mark):
                records.append(({"id": step.transaction_id}, self._marker(step)))
                continue
            name = str(step.table.id)
            self._total += 1
            self._counts[name] += 1
            total, order = columns[id(step)]
            total.append(self._total)
            order.append(self._counts[name])
        for batch in batches:
            ids = [transaction[-1] for transaction in batch.transactions]
            batch.transaction = TransactionColumns(ids, *columns[id(batch)])
        if not records:
            return None
        keys, values = map(list, zip(*records, strict=True))
        return RecordBatch(self.topic, KEY, VALUE, keys, values)

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
        collections = [{"data_collection": name, "event_count": n} for name, n in self._counts.items()]
        return marker | {"status": "END", "event_count": self._total, "data_collections": collections}
