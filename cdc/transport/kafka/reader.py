"""Read topics as one member of a consumer group."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cdc.batch import Fetched
from cdc.errors import LogError, LogRejected, Rebalanced
from cdc.plugin import LogReader
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.identities import Identities
from cdc.transport.kafka.ownership import Ownership, Place
from cdc.transport.kafka.runs import runs
from cdc.transport.kafka.subscription import Subscription
from cdc.transport.kafka.topics import outcome

if TYPE_CHECKING:
    from confluent_kafka import Consumer
    from confluent_kafka.admin import AdminClient

logger = logging.getLogger(__name__)

_MOST = 5000
"""Messages asked for at once: enough that a call costs nothing, few enough to bound what it holds."""
_PATIENCE = 10.0
_ANEW = "the task starts anew, with what the topic has now"
_NOT_MEMBER = ("REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "_NO_OFFSET")


class KafkaReader(LogReader):
    """Read what is committed, as fast as the broker gives it, at most a bounded amount ahead.

    When the group rebalances, a partition that stays goes on where it was. One that goes to another
    member with records that were polled and not committed raises Rebalanced.
    """

    def __init__(
        self,
        consumer: Consumer,
        admin: Callable[[], AdminClient],
        failures: Failures,
        wanted: Subscription,
        *,
        strategy: str,
        at_end: bool,
    ) -> None:
        """`admin`: whom to ask about ends. `at_end`: a new group skips what topics hold that exist now."""
        self._consumer, self._admin, self._failures, self._wanted = consumer, admin, failures, wanted
        self._incremental = "cooperative" in strategy
        self._own = Ownership()
        self._identities = Identities(admin)
        self._late: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        self._size = 1000.0
        self._subscribe()
        self._from_end = frozenset(wanted.topics if at_end else ())

    # -- records -----------------------------------------------------------------------------

    def poll(self, max_bytes: int, timeout: float) -> list[Fetched]:
        """Return the next runs of records; raises Rebalanced, LogError, LogRejected or AccessDenied."""
        self._subscribe()
        if (topic := self._identities.changed({topic for topic, _ in self._own.assigned})) is not None:
            raise self._made_anew(topic)
        until = time.monotonic() + timeout
        while True:
            messages = self._receive(max_bytes, until - time.monotonic())
            self._failures.raise_first()
            if self._own.broken:
                raise self._rebalanced(messages)
            if messages or time.monotonic() >= until:
                return self._runs(messages)
            self._subscribe()

    def _made_anew(self, topic: str) -> LogError:
        """Let the group begin at the new records, which may have passed for those behind the old ones."""
        self._late = {place: offset for place, offset in self._late.items() if place[0] != topic}
        try:
            self.commit({place: 0 for place in self._own.assigned if place[0] == topic})
        except (LogError, LogRejected) as error:
            logger.warning(
                "%s was made anew, and the group's offsets are still the old ones: %s", topic, error
            )
        return LogError(f"{topic} was deleted and made anew while it was read", hint=_ANEW)

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
        return [message for message in found if self._is_record(message)]

    def _is_record(self, message: Any) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.name() == "_PARTITION_EOF":
            self._ends[message.topic(), message.partition()] = message.offset()
        elif error.fatal() or (not error.retriable() and error.name() not in self._wanted.transient):
            raise translate(error, f"Topic {message.topic()}")
        return False

    def _runs(self, messages: list[Any]) -> list[Fetched]:
        found = list(runs(messages))
        for run in found:
            assert run.encoded.partition is not None
            place = run.encoded.topic, run.encoded.partition
            if self._own.is_behind(place, run.offsets[0]):
                # Whoever keeps offsets has to learn that they name other records now.
                raise LogError(
                    f"{place[0]}-{place[1]} goes on at offset {run.offsets[0]}, behind which records were "
                    "read: the topic was deleted and made anew, or its log was cut off",
                    hint=_ANEW,
                )
            self._own.returned(place, run.offsets[0], run.next_offset)
        return found

    # -- positions ---------------------------------------------------------------------------

    def seek(self, positions: Mapping[Place, int]) -> None:
        """Continue from these offsets: at once where assigned, else when the partition is first assigned."""
        for place, offset in positions.items():
            if self._own.seek(place, offset):
                self._seek(place, offset)

    def _seek(self, place: Place, offset: int) -> None:
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
        self._own.committed.update(positions)
        if failed is None:
            self._late = {}
        elif failed.name() in _NOT_MEMBER:
            self._late = wanted
        else:
            raise translate(failed, "Offsets cannot be committed")

    def lag(self) -> Mapping[Place, int]:
        """Return how many records are left in each assigned partition."""
        kafka = driver()
        # By the admin's connection: on the consumer's own the question would wait behind a fetch.
        latest = kafka.admin.OffsetSpec.latest()
        asked = {kafka.TopicPartition(*place): latest for place in self._own.assigned}
        if not asked:
            return {}
        try:
            futures = self._admin().list_offsets(asked)
            ends = {(tp.topic, tp.partition): outcome(f, tp.topic).offset for tp, f in futures.items()}
        except kafka.KafkaException as error:
            raise translate(error, "The ends of topics cannot be read") from None
        return {place: self._left(place, end) for place, end in ends.items()}

    def _left(self, place: Place, end: int) -> int:
        position = self._consumer.position([driver().TopicPartition(*place)])[0].offset
        own = max(self._own.positions.get(place, 0), self._own.committed.get(place, 0))
        # Behind the last record there may be marks of transactions: only the end itself tells.
        return max(0, end - max(position, own, self._ends.get(place, 0)))

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
        places = _places(partitions)
        starts = self._own.assign(places, self._stored(consumer, places))
        for partition, place in zip(partitions, places, strict=True):
            if place in starts:
                partition.offset = starts[place]
            elif place[0] in self._from_end:
                partition.offset = driver().OFFSET_END
        (consumer.incremental_assign if self._incremental else consumer.assign)(partitions)

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
        if self._incremental:
            # What goes is gone: the next assignment names only what comes.
            self._own.lose(_places(partitions))
            consumer.incremental_unassign(partitions)
        else:
            self._own.release(_places(partitions))
            consumer.unassign()

    def _on_lost(self, consumer: Consumer, partitions: list[Any]) -> None:
        self._own.lose(_places(partitions))
        (consumer.incremental_unassign if self._incremental else _unassign(consumer))(partitions)

    def _rebalanced(self, messages: list[Any]) -> Rebalanced:
        received: dict[Place, int] = {}
        for run in runs(messages):
            assert run.encoded.partition is not None
            received.setdefault((run.encoded.topic, run.encoded.partition), run.offsets[0])
        gone, back = self._own.restart(received)
        for place, offset in back.items():
            self._seek(place, offset)
        self._late = {place: offset for place, offset in self._late.items() if place not in gone}
        names = ", ".join(f"{topic}-{partition}" for topic, partition in gone)
        return Rebalanced(f"Another member of the group took over {names} before everything was committed")


def _places(partitions: Sequence[Any]) -> list[Place]:
    return [(tp.topic, tp.partition) for tp in partitions]


def _unassign(consumer: Consumer) -> Callable[[list[Any]], None]:
    return lambda partitions: consumer.unassign()
