"""How many records can be read from a topic, without reading them: Kafka's and the embedded log's."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import confluent_kafka
import confluent_kafka.admin

_LATEST: Any = confluent_kafka.admin.OffsetSpec.latest()  # type: ignore[attr-defined, no-untyped-call]


class KafkaTopics:
    """Look at, make and delete topics of a broker."""

    def __init__(self, bootstrap: str) -> None:
        settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "log_level": 0}
        self._bootstrap = bootstrap
        self._admin = confluent_kafka.admin.AdminClient(settings)
        self._consumer = confluent_kafka.Consumer({**settings, "group.id": "bench-watch"})

    def records(self, topic: str) -> int:
        """Return the sum of the end offsets; 0 while there is no such topic."""
        try:
            known = self._consumer.list_topics(timeout=5).topics.get(topic)
            if known is None or known.error:
                return 0
            places = [confluent_kafka.TopicPartition(topic, partition) for partition in known.partitions]
            ends = [self._consumer.get_watermark_offsets(p, timeout=5, cached=False)[1] for p in places]
        except confluent_kafka.KafkaException:
            return 0
        return sum(ends)

    def records_of_all(self, prefix: str) -> int:
        """Return the sum over all topics whose name starts so."""
        try:
            known = self._admin.list_topics(timeout=5).topics
            places = {
                confluent_kafka.TopicPartition(name, partition): _LATEST
                for name, topic in known.items()
                if name.startswith(prefix)
                for partition in topic.partitions
            }
            if not places:
                return 0
            found = self._admin.list_offsets(places, request_timeout=5)
            return sum(max(one.result(5).offset, 0) for one in found.values())
        except confluent_kafka.KafkaException:
            return 0

    def delete(self, prefix: str) -> None:
        """Delete every topic whose name starts so: what was measured takes no room any more."""
        names = [name for name in self._admin.list_topics(timeout=10).topics if name.startswith(prefix)]
        if names:
            for future in self._admin.delete_topics(names).values():
                with suppress(confluent_kafka.KafkaException):
                    future.result(30)

    def warm_up(self, records: int = 2_000_000) -> None:
        """Write so much that the broker has compiled its code: else whoever is measured first pays for it."""
        producer = confluent_kafka.Producer({"bootstrap.servers": self._bootstrap, "compression.type": "lz4"})
        value = bytes(range(32, 127)) * 6
        for _ in range(records):
            while True:
                try:
                    producer.produce("warm-up", value)
                    break
                except BufferError:
                    producer.poll(0.05)
        producer.flush()
        self.delete("warm-up")

    def close(self) -> None:
        """Leave."""
        self._consumer.close()


def embedded_records(data_dir: Path, topic: str) -> int:
    """Return how many records of a topic were committed to an embedded log."""
    path = data_dir / "log.db"
    if not path.exists():
        return 0
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            row = connection.execute("SELECT next FROM topics WHERE name = ?", (topic,)).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:  # not made yet
        return 0
    return int(row[0]) if row else 0
