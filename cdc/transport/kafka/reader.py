"""Read topics as one member of a consumer group."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cdc.batch import Fetched
from cdc.errors import LogError, Rebalanced
from cdc.plugin import LogReader
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.runs import runs
from cdc.transport.kafka.subscription import Subscription

if TYPE_CHECKING:
    from confluent_kafka import Consumer

_MOST = 5000
"""Messages asked for at once: enough that a call costs nothing, few enough to bound what it holds."""
_PATIENCE = 10.0
_NOT_MEMBER = ("REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "_NO_OFFSET")

Place = tuple[str, int]


class KafkaReader(LogReader):
    """Read what is committed, as fast as the broker gives it, at most a bounded amount ahead.

    When the group rebalances, a partition that stays goes on where it was. One that goes to another
    member with records that were polled and not committed raises Rebalanced.
    """

    def __init__(
        self, consumer: Consumer, failures: Failures, wanted: Subscription, *, strategy: str, at_end: bool
    ) -> None:
        """`at_end`: topics that exist now are read from their end where the group has no position."""
        self._consumer, self._failures, self._wanted = consumer, failures, wanted
        self._incremental = "cooperative" in strategy
        self._sought: dict[Place, int] = {}
        self._positions: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}
        self._held: dict[Place, int] = {}
        self._late: dict[Place, int] = {}
        self._assigned: set[Place] = set()
        self._lost: list[Place] = []
        self._ends: dict[Place, int] = {}
        self._size = 1000.0
        self._subscribe()
        self._from_end = frozenset(wanted.topics if at_end else ())

    def poll(self, max_bytes: int, timeout: float) -> list[Fetched]:
        """Return the next runs of records; raises Rebalanced, LogError, LogRejected or AccessDenied."""
        self._subscribe()
        until = time.monotonic() + timeout
        while True:
            messages = self._receive(max_bytes, until - time.monotonic())
            self._failures.raise_first()
            if self._lost:
                self._give_back(messages)
                raise self._rebalanced()
            if messages or time.monotonic() >= until:
                return self._runs(messages)
            self._subscribe()

    def _receive(self, max_bytes: int, timeout: float) -> list[Any]:
        """Wait for one message, then take what else is there: consume(n) alone waits for all n."""
        first = self._consumer.poll(min(max(timeout, 0.0), 0.5))
        if first is None:
            return []
        found = [first]
        room = max_bytes - len(first)
        while room > 0:
            more = self._consumer.consume(max(1, min(_MOST, int(room / self._size))), 0)
            if not more:
                break
            size = sum(map(len, more))
            self._size = max(50.0, size / len(more))
            room -= size
            found += more
        return self._without_errors(found)

    def _without_errors(self, messages: list[Any]) -> list[Any]:
        good = []
        for message in messages:
            error = message.error()
            if error is None:
                good.append(message)
            elif error.name() == "_PARTITION_EOF":
                self._ends[message.topic(), message.partition()] = message.offset()
            elif error.fatal() or (not error.retriable() and error.name() not in self._wanted.transient):
                raise translate(error, f"Topic {message.topic()}")
        return good

    def _runs(self, messages: list[Any]) -> list[Fetched]:
        found = list(runs(messages))
        for run in found:
            assert run.encoded.partition is not None
            self._positions[run.encoded.topic, run.encoded.partition] = run.next_offset
        return found

    def seek(self, positions: Mapping[Place, int]) -> None:
        """Continue from these offsets: at once where assigned, else when the partition is first assigned."""
        for place, offset in positions.items():
            if place in self._assigned:
                self._seek(place, offset)
            else:
                self._sought[place] = offset
                self._held.pop(place, None)

    def _seek(self, place: Place, offset: int) -> None:
        self._positions[place] = offset
        self._ends.pop(place, None)
        try:
            self._consumer.seek(driver().TopicPartition(*place, offset))
        except driver().KafkaException as error:
            raise LogError(f"{place[0]}-{place[1]}: cannot seek: {error.args[0].str()}") from None

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Store the offsets; while the group rebalances they wait for the next commit."""
        wanted = {**self._late, **positions}
        if not wanted:
            return
        kafka = driver()
        offsets = [kafka.TopicPartition(*place, offset) for place, offset in wanted.items()]
        try:
            done = self._consumer.commit(offsets=offsets, asynchronous=False)
            failed = next((tp.error for tp in done if tp.error is not None), None)
        except kafka.KafkaException as error:
            failed = error.args[0]
        self._committed.update(positions)
        if failed is None:
            self._late = {}
        elif failed.name() in _NOT_MEMBER:
            self._late = wanted
        else:
            raise translate(failed, "Offsets cannot be committed")

    def lag(self) -> Mapping[Place, int]:
        """Return how many records are left in each assigned partition."""
        return {place: self._left(place) for place in self._assigned}

    def _left(self, place: Place) -> int:
        partition = driver().TopicPartition(*place)
        try:
            low, high = self._consumer.get_watermark_offsets(partition, timeout=_PATIENCE)
        except driver().KafkaException as error:
            raise translate(error, f"{place[0]}-{place[1]}") from None
        position = self._consumer.position([partition])[0].offset
        start = self._positions.get(place, self._committed.get(place, low))
        # Behind the last record there may be marks of transactions: only the end itself tells.
        end = self._ends.get(place, low)
        return max(0, int(high) - max(position, start, low if end < position else end))

    def close(self) -> None:
        """Commit what is late, and leave the group."""
        try:
            if self._late:
                self.commit({})
        except LogError:
            pass  # the records will be read again
        self._consumer.close()

    # -- the group ---------------------------------------------------------------------------

    def _subscribe(self) -> None:
        topics = self._wanted.due(self._consumer, self._failures)
        if topics:
            self._consumer.subscribe(
                topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )

    def _on_assign(self, consumer: Consumer, partitions: list[Any]) -> None:
        places = [(tp.topic, tp.partition) for tp in partitions]
        stored = self._stored(consumer, places)
        for partition, place in zip(partitions, places, strict=True):
            start = self._start(place, stored.get(place, -1))
            if start >= 0:
                partition.offset = start
            elif place[0] in self._from_end:
                partition.offset = driver().OFFSET_END
            if stored.get(place, -1) >= 0:
                self._committed[place] = stored[place]
        self._lost += [place for place in self._held if self._uncommitted(place)]
        self._held = {}
        self._assigned |= set(places)
        (consumer.incremental_assign if self._incremental else consumer.assign)(partitions)

    def _start(self, place: Place, stored: int) -> int:
        """Return where a partition begins: what was sought, else the further of own position and stored.

        Negative: nowhere yet, so that the policy for new groups decides.
        """
        start = self._sought.pop(place, None)
        if start is None:
            start = max(self._held.pop(place, -1), stored)
        if start >= 0:
            self._positions[place] = start
        return start

    def _stored(self, consumer: Consumer, places: Sequence[Place]) -> dict[Place, int]:
        if not places:
            return {}
        kafka = driver()
        try:
            found = consumer.committed([kafka.TopicPartition(*place) for place in places], timeout=_PATIENCE)
        except kafka.KafkaException:
            return {}  # the driver then looks them up by itself
        return {(tp.topic, tp.partition): tp.offset for tp in found if tp.offset >= 0}

    def _on_revoke(self, consumer: Consumer, partitions: list[Any]) -> None:
        places = self._withdraw(partitions)
        if self._incremental:
            # What goes is gone: the next assignment names only what comes.
            self._lost += [place for place in places if self._uncommitted(place)]
            consumer.incremental_unassign(partitions)
            return
        self._held.update({p: self._positions[p] for p in places if p in self._positions})
        consumer.unassign()

    def _on_lost(self, consumer: Consumer, partitions: list[Any]) -> None:
        self._lost += [place for place in self._withdraw(partitions) if self._uncommitted(place)]
        (consumer.incremental_unassign(partitions) if self._incremental else consumer.unassign())

    def _withdraw(self, partitions: Iterable[Any]) -> list[Place]:
        places = [(tp.topic, tp.partition) for tp in partitions]
        self._assigned -= set(places)
        return places

    def _uncommitted(self, place: Place) -> bool:
        return self._positions.get(place, -1) > self._committed.get(place, -1)

    def _give_back(self, messages: list[Any]) -> None:
        """Rewind what was received along with the news of a rebalance."""
        for run in runs(messages):
            assert run.encoded.partition is not None
            place = run.encoded.topic, run.encoded.partition
            if place in self._assigned and place not in self._sought:
                self._sought[place] = run.offsets[0]
        for place in [place for place in self._sought if place in self._assigned]:
            self._seek(place, self._sought.pop(place))

    def _rebalanced(self) -> Rebalanced:
        """Forget what was polled: every partition that is left starts again at its committed offset."""
        gone, self._lost = sorted(set(self._lost)), []
        for place in gone:
            self._positions.pop(place, None)
            self._late.pop(place, None)
        for place in sorted(self._assigned):
            if self._uncommitted(place) and place in self._committed:
                self._seek(place, self._committed[place])
        names = ", ".join(f"{topic}-{partition}" for topic, partition in gone)
        return Rebalanced(f"Another member of the group took over {names} before everything was committed")
