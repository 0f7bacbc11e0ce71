"""Write a source task's records and offsets in transactions: exactly once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cdc.batch import Encoded
from cdc.errors import Fenced, LogError
from cdc.transport.kafka.failures import Failures, driver, translate
from cdc.transport.kafka.lanes import Lanes
from cdc.transport.kafka.topic_maker import TopicMaker
from cdc.transport.kafka.topics import idle
from cdc.transport.kafka.writer import BARRIER, KafkaWriter, OffsetStore, Tick

logger = logging.getLogger(__name__)

_SLICE = 0.5
_PATIENCE = 60.0


class TransactionalWriter(KafkaWriter):
    """Commit records and offsets together; readers of committed data see all of a window or nothing.

    Making one fences every earlier producer of the same task and ends its open transaction: read
    the offsets to resume from only afterwards.
    """

    exactly_once = True
    longest_barrier = BARRIER  # nobody sees a record before its transaction ends

    def __init__(
        self,
        lanes: Lanes,
        failures: Failures,
        topics: TopicMaker,
        offset_topics: Sequence[str],
        store: OffsetStore | None = None,
        *,
        interval: float | None = None,
    ) -> None:
        """`interval`: seconds that a transaction lasts at least; None: as `KafkaWriter.due` says."""
        self._open = False
        self._producer = lanes.first
        self._interval = interval
        super().__init__(lanes, failures, topics, offset_topics, store)
        self._attempt("Transactions cannot be started", self._producer.init_transactions, idle)

    def append(self, encoded: Encoded, tick: Tick) -> None:
        """Queue the records in the open transaction."""
        with self._fatal_first():
            if encoded.values:
                self._begin()
            super().append(encoded, tick)

    def commit(self, offsets: Mapping[bytes, bytes | None], tick: Tick) -> None:
        """Commit the transaction with the offsets in it."""
        began = time.monotonic()
        with self._fatal_first():
            self._failures.raise_first()
            if offsets:
                self._begin()
            self._release(tick)
            if self._open:
                self._produce_offsets(offsets, tick)
                self._flush(tick)
                self._attempt("The transaction cannot be committed", self._producer.commit_transaction, tick)
                self._open = False
        self._store_offsets(offsets)
        self._done(began)

    def due(self, *, idle: bool) -> bool:
        """Tell whether the transaction has lasted long enough."""
        if self._interval is None:
            return super().due(idle=idle)
        return time.monotonic() - self._committed >= self._interval

    def close(self) -> None:
        """Abort the open transaction; if that fails the next instance's start does."""
        if self._open:
            try:
                self._producer.purge()
                self._producer.abort_transaction(5.0)
            except driver().KafkaException as error:
                logger.info("The transaction is left to time out: %s", error.args[0].str())
        super().close()

    def _begin(self) -> None:
        if self._open:
            return
        try:
            self._producer.begin_transaction()
        except driver().KafkaException as error:
            self._failures.raise_first()
            raise translate(error, "A transaction cannot be begun") from None
        self._open = True

    @contextmanager
    def _fatal_first(self) -> Iterator[None]:
        """Raise what broke the producer for good (fencing, above all) instead of what came of it.

        A fatal error purges the queue, and the driver may report the purged records and lose the
        reason. Only its transaction calls tell it again; an abort is right after any other error too.
        """
        try:
            yield
        except Fenced:
            raise
        except LogError:
            try:
                self._producer.abort_transaction(_SLICE)
            except driver().KafkaException as error:
                if error.args[0].fatal():
                    raise translate(error, "The producer cannot go on") from None
            raise

    def _attempt(self, what: str, call: Callable[[float], None], tick: Tick) -> None:
        """Call until it succeeds; time-outs and retriable errors mean: call again, nothing is lost."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                call(_SLICE)
                return
            except driver().KafkaException as error:
                self._failures.raise_first()
                if not error.args[0].retriable():
                    raise translate(error, what) from None
                if time.monotonic() > until:
                    raise LogError(f"{what} within {_PATIENCE:.0f} s: {error.args[0].str()}") from None
            tick()
