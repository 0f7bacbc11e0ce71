"""Record golden events of a connector on a real Kafka Connect worker: what lies in Kafka at the end."""

from __future__ import annotations

import json
import time

from confluent_kafka import Consumer, Message, TopicPartition

from tests.golden.corpus import Case, Event, Header
from tests.golden.targets import MongoKafkaTarget
from tests.servers.connect import ConnectFailure, ConnectWorker
from tests.servers.kafka import KafkaBroker

QUIET = 6.0
"""Seconds without a record after which a case is over."""


class WorkerRecorder:
    """Run one case after another on a worker and a broker of its own."""

    def __init__(self, target: MongoKafkaTarget) -> None:
        self._target = target
        self._kafka = KafkaBroker().start()
        settings = {"plugin.discovery": "hybrid_warn", "offset.flush.interval.ms": 200}
        plugins = target.plugins()
        self._worker = ConnectWorker(self._kafka.bootstrap, settings=settings, plugins=plugins).start()
        self._consumer = Consumer({"bootstrap.servers": self._kafka.bootstrap, "group.id": "golden"})

    def close(self) -> None:
        """Stop the servers."""
        self._consumer.close()
        self._worker.stop()
        self._kafka.stop()

    def record(self, case: Case) -> list[str]:
        """Run a case and return its lines of `events.jsonl`."""
        self._target.create()
        self._target.run(case.setup)
        time.sleep(1)  # what came before "now" must not come
        before = self._ends()
        try:
            self._worker.create(case.name, case.config(self._target.connection()))
            self._target.streaming()
            self._target.run(case.stream)
            lines = [event.dump() for event in self._read(before)]
            self._worker.is_running(case.name)
        except ConnectFailure as failure:
            lines = [json.dumps({"failure": str(failure).split("\n", 1)[0]})]
        finally:
            self._worker.delete(case.name)
            self._target.drop()
        return lines

    def _topics(self) -> list[str]:
        return [
            name for name in self._consumer.list_topics().topics if not name.startswith(("_connect", "__c"))
        ]

    def _ends(self) -> dict[str, int]:
        """Return where each topic ends."""
        places = {name: TopicPartition(name, 0) for name in self._topics()}
        return {name: self._consumer.get_watermark_offsets(place)[1] for name, place in places.items()}

    def _read(self, before: dict[str, int]) -> list[Event]:
        """Read until nothing comes any more."""
        events: list[Event] = []
        positions = dict(before)
        last = time.monotonic()
        while time.monotonic() - last < QUIET:
            found = self._more(positions)
            events += found
            if found:
                last = time.monotonic()
            time.sleep(0.2)
        return events

    def _more(self, positions: dict[str, int]) -> list[Event]:
        events = []
        for name, end in self._ends().items():
            start = positions.get(name, 0)
            if start < end:
                self._consumer.assign([TopicPartition(name, 0, start)])
                while start < end:
                    message = self._consumer.poll(5)
                    assert message is not None
                    assert message.error() is None
                    events.append(_event(message))
                    start = message.offset() + 1
            positions[name] = start
        return events


def _event(message: Message) -> Event:
    headers = tuple(Header(name, None, _text(value)) for name, value in message.headers() or ())
    return Event(str(message.topic()), None, _text(message.key()), _text(message.value()), headers)


def _text(data: bytes | None) -> str | None:
    """Return bytes as text; such as are none stay recognisable, and can be had back."""
    return None if data is None else data.decode("utf-8", "surrogateescape")
