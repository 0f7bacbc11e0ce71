"""Change events as records, as mongo-kafka has them: the event as it is, or its document alone.

https://www.mongodb.com/docs/kafka-connector/current/source-connector/fundamentals/change-streams/
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import monotonic
from typing import Any, Final

from cdc.batch import Batch, RecordBatch
from cdc.dead_letters import DeadLetters
from cdc.errors import UnsupportedValue
from cdc.metrics import Metrics
from cdc.sources.mongodb.elements import DOCUMENT, document, elements, members
from cdc.sources.mongodb.letters import letter_text
from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig
from cdc.sources.mongodb.mongo_kafka.offsets import offset_of, token_text
from cdc.sources.mongodb.mongo_kafka.output import Outputs
from cdc.sources.mongodb.oversize import OVERSIZE, SPLIT, WHOLE, Fragments
from cdc.sources.mongodb.positions import Position
from cdc.sources.mongodb.tokens import cluster_time
from schemas.connect import BYTES, STRING, Schema

log = logging.getLogger(__name__)

_KNOWN: Final = 10_000
"""Namespaces whose topics are remembered."""

_OPTIONAL_BYTES = BYTES.as_optional()
_OVERSIZE = OVERSIZE.encode()
_Places = dict[bytes, tuple[int, int]]


class ChangeRecords:
    """Make records, and follow the position.

    Records of one topic keep their order; each topic's lie together while their schemas are the same.
    """

    def __init__(
        self, config: MongoKafkaConfig, position: Position, metrics: Metrics, letters: DeadLetters
    ) -> None:
        self.position, self.commits = position, 0
        self._config, self._metrics, self._letters = config, metrics, letters
        self._outputs, self._topics = Outputs.of(config), config.topics()
        self._documents_only, self._tombstones = config.publish_full_document_only, config.tombstone_on_delete
        self._document_keys = config.document_key_as_key
        self._fragments = Fragments()
        self._known: dict[bytes, str] = {}
        self._batches: list[RecordBatch] = []
        self._current: dict[str, tuple[RecordBatch, list[Any], list[Any]]] = {}
        self._beat_at, self._beaten = 0.0, b""
        self._is_heartbeat = False

    # -- what a window is made of ----------------------------------------------------------------

    def decode(self, data: bytes, places: Iterable[tuple[int, int]], clock_ns: int) -> list[Batch]:
        """Return the records of some events of a batch; raises UnsupportedValue."""
        events = [data[start:stop] for start, stop in places]
        for event in events:
            found = members(event)
            whole = self._whole(event, found)
            if whole is None:
                continue
            at, end = found[b"_id"]
            self.position = Position(event[at:end])
            if whole is event:
                self._add(event, found)
            else:
                self.add(whole)
        self._is_heartbeat = False
        self._count(len(events), clock_ns // 1_000_000)
        return self.take()

    def idle(self, token: bytes, clock_ns: int) -> list[Batch]:
        """Take note that the stream is at `token` and there is nothing before it; return a heartbeat due."""
        if self._fragments.waiting:
            return []
        self.position = self.position.idle(token)
        interval = self._config.heartbeat_interval_ms / 1000
        now = monotonic()
        if not interval or now - self._beat_at <= interval:
            return []
        self._beat_at = now
        if token == self._beaten:
            return []
        self._beaten, self._is_heartbeat = token, True
        topic = self._config.heartbeat_topic
        return [RecordBatch(topic, STRING, _OPTIONAL_BYTES, [token_text(token)], [None])]

    def restart(self, position: Position) -> None:
        """Go on at another place in the change stream."""
        self.position, self._fragments = position, Fragments()

    def offset(self) -> dict[str, str]:
        """Return the offset to store."""
        return offset_of(self.position.token, heartbeat=self._is_heartbeat)

    def take(self) -> list[Batch]:
        """Return the records so far."""
        batches, self._batches = self._batches, []
        self._current = {}
        return [*batches]

    # -- one event -------------------------------------------------------------------------------

    def add(self, event: bytes) -> None:
        """Add the record of an event, if there is one; raises UnsupportedValue where none is tolerated."""
        self._add(event, members(event))

    def _add(self, event: bytes, found: _Places) -> None:
        topic = self._topic(event, found)
        if not topic:
            log.warning("An event without a namespace is left out: %s", letter_text(event))
            return
        if self._documents_only:
            value = _document(event, found, b"fullDocument")
            gone = self._tombstones and b"fullDocument" not in found
            if value is not None or gone:
                self._make(topic, event, found, value)
        else:
            self._make(topic, event, found, event)

    def _count(self, events: int, clock_ms: int) -> None:
        """Count what was read at `clock_ms`; the runtime does not know that these records are changes."""
        self._metrics.add("TotalNumberOfEventsSeen", events)
        self._metrics.runs("MilliSecondsSinceLastEvent", clock_ms)
        time = cluster_time(self.position.token)
        if time is not None:
            self._metrics.set("MilliSecondsBehindSource", max(clock_ms - time.seconds * 1000, 0))

    def _make(self, topic: str, event: bytes, found: _Places, value: bytes | None) -> None:
        key = event if self._outputs.whole_key else self._key(event, found)
        try:
            if _OVERSIZE in found:
                raise _too_large(event, found)
            key_schema, made_key = self._outputs.key(key)
            schema, made = (None, None) if value is None else self._outputs.value(value)
        except UnsupportedValue as error:
            self._refuse(topic, key, value, error)
            return
        except UnicodeDecodeError as error:
            self._refuse(topic, key, value, UnsupportedValue(f"a string is not UTF-8: {error.reason}"))
            return
        current = self._current.get(topic)
        if current is None or not _fits(current[0], key_schema, schema):
            keys, values = list[Any](), list[Any]()
            batch = RecordBatch(topic, key_schema, schema, keys, values)
            current = self._current[topic] = batch, keys, values
            self._batches.append(batch)
        batch, keys, values = current
        if schema is not None:
            batch.value_schema = schema
        keys.append(made_key)
        values.append(made)

    def _topic(self, event: bytes, found: _Places) -> str:
        """Return the topic; empty where the event has no namespace."""
        start, stop = found.get(b"ns", (0, 0))
        namespace = event[start:stop]
        if namespace not in self._known:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[namespace] = self._topics.topic(*_names(namespace))
        return self._known[namespace]

    def _key(self, event: bytes, found: _Places) -> bytes:
        if self._document_keys and b"documentKey" in found:
            start, stop = found[b"documentKey"]
            return event[start:stop]
        return document(event[e.start : e.stop] for e in elements(event) if e.name == b"_id")

    def _refuse(self, topic: str, key: bytes, value: bytes | None, error: UnsupportedValue) -> None:
        """Set an event aside, or end the task."""
        self._metrics.add("NumberOfErroneousEvents")
        name = letter_text(key)
        if not self._config.tolerates:
            raise UnsupportedValue(
                f"The event for {topic} on {name} cannot be a record: {error.message}",
                hint=error.hint
                or "set errors.tolerance=all to leave such events out, and "
                "errors.deadletterqueue.topic.name to keep them",
            ) from error
        if self._config.logs_errors:
            log.error("An event for %s on %s is left out: %s", topic, name, error)
        self._letters.add(topic, name, letter_text(value or document(())), error)

    def _whole(self, event: bytes, found: _Places) -> bytes | None:
        """Return an event as it was before it was split; None until its last fragment is there."""
        if SPLIT not in found:
            return event
        start, stop = found[SPLIT]
        if event[start:stop] != WHOLE:
            return self._fragments.whole(event, found)
        return document(event[e.start : e.stop] for e in elements(event) if e.name != SPLIT)


def _fits(batch: RecordBatch, key_schema: Schema, schema: Schema | None) -> bool:
    """Whether a record goes into a batch; a tombstone has no schema, and goes with any that is required."""
    if batch.key_schema is not key_schema:
        return False
    return schema is None or batch.value_schema is None or batch.value_schema is schema


def _names(namespace: bytes) -> tuple[str, str]:
    """Return database and collection; empty where there is none."""
    found = elements(namespace) if namespace else ()
    names = {e.name: namespace[e.value + 4 : e.stop - 1].decode() for e in found if e.kind == 2}
    return names.get(b"db", ""), names.get(b"coll", "")


def _document(event: bytes, found: _Places, name: bytes) -> bytes | None:
    """Return a member that is a document."""
    start, stop = found.get(name, (0, 0))
    # The type stands before the name, which ends with a zero.
    return event[start:stop] if stop and event[start - len(name) - 2] == DOCUMENT else None


def _too_large(event: bytes, found: _Places) -> UnsupportedValue:
    start, stop = found[_OVERSIZE]
    size = int.from_bytes(event[start:stop][:4], "little")
    return UnsupportedValue(
        f"The documents of the event have {size} bytes together, and an event may have 16 MB",
        hint='leave large fields out with pipeline=[{"$project": …}], or use MongoDB 6.0.9 or later, which '
        "splits such events; errors.tolerance=all leaves the event out",
    )
