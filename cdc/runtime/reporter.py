"""What becomes of a record that cannot be processed: `errors.tolerance` and the dead letter queue.

As Connect's RetryWithToleranceOperator and DeadLetterQueueReporter: the record is logged and set
aside as it was read, with headers that say why; then tolerance decides whether the task goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cdc.batch import Encoded, EncodedHeader, Fetched, RecordBatch
from cdc.dead_letters import error_headers
from cdc.errors import RecordPosition, RecordRejected
from cdc.metrics import Metrics
from cdc.plugin import Format, LogWriter
from cdc.runtime.error_log import log_error
from cdc.runtime.headers import HeaderConverter
from cdc.runtime.sink_config import SinkConnectorConfig


class ErrorReporter:
    """Sets bad records aside or ends the task; one for a sink task.

    `open_writer` is called at the first record for the dead letter queue. `commit` makes what was
    set aside durable and has to come before the reader's commit.
    """

    def __init__(
        self,
        connector: str,
        task: int,
        config: SinkConnectorConfig,
        open_writer: Callable[[], LogWriter],
        metrics: Metrics,
        sink_class: type,
    ) -> None:
        self._connector, self._task, self._config = connector, task, config
        self._open_writer, self._metrics, self._sink_class = open_writer, metrics, sink_class
        self._writer: LogWriter | None = None
        self._dirty = False

    def __call__(self, batch: RecordBatch, index: int, error: Exception) -> None:
        """Take a record that the sink refuses (stage TASK_PUT)."""
        raw = batch.raw
        if raw is None:
            raw = Encoded(batch.topic, [None] * len(batch), [None] * len(batch), partition=batch.partition)
        offset = batch.offsets[index] if batch.offsets else -1
        self._report(raw, index, offset, "TASK_PUT", self._sink_class, error)

    def unreadable(
        self, fetched: Fetched, index: int, stage: str, by: Format | HeaderConverter, error: Exception
    ) -> None:
        """Take a record that a converter cannot read."""
        self._report(fetched.encoded, index, fetched.offsets[index], stage, type(by), error)

    def transform_failed(self, batch: RecordBatch, index: int, cls: type, error: Exception) -> None:
        """Take a record that a transform fails for."""
        assert batch.raw is not None
        self._report(batch.raw, index, batch.offsets[index], "TRANSFORMATION", cls, error)

    def commit(self) -> None:
        """Make the dead letter queue durable."""
        if self._writer is not None and self._dirty:
            self._writer.commit({}, _no_tick)
            self._dirty = False

    def close(self) -> None:
        """Release the queue's writer."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _report(self, raw: Encoded, index: int, offset: int, stage: str, cls: type, error: Exception) -> None:
        self._metrics.add("errors")
        position = RecordPosition(raw.topic, raw.partition or 0, offset)
        if self._config.log_errors:
            log_error(self._connector, self._task, stage, cls, error, self._where(position))
        single = raw.select([index])
        if self._config.dlq_topic:
            self._set_aside(single, position, stage, cls, error)
        if self._config.tolerance == "none":
            self.commit()
            ((key, _),) = single.whole()
            shown = None if key is None else key.decode(errors="backslashreplace")
            reason = f"{type(error).__name__}: {error}"
            raise RecordRejected(position, shown, reason, stage=stage) from error

    def _where(self, position: RecordPosition) -> str:
        if not self._config.log_messages:
            return ""
        return (
            f"where consumed record is {{topic='{position.topic}', "
            f"partition={position.partition}, offset={position.offset}}}"
        )

    def _set_aside(
        self, single: Encoded, position: RecordPosition, stage: str, cls: type, error: Exception
    ) -> None:
        if self._writer is None:
            self._writer = self._open_writer()
        own = tuple(single.row_headers.get(0, ())) + tuple(single.headers)
        if self._config.dlq_headers:
            own += self._context(position, stage, cls, error)
        letter = replace(single, topic=self._config.dlq_topic, partition=None, headers=own, row_headers={})
        self._writer.append(letter, _no_tick)
        self._dirty = True

    def _context(
        self, position: RecordPosition, stage: str, cls: type, error: Exception
    ) -> tuple[EncodedHeader, ...]:
        texts = error_headers(
            error,
            connector=self._connector,
            task=self._task,
            stage=stage,
            cls=cls,
            where={"topic": position.topic, "partition": position.partition, "offset": position.offset},
        )
        return tuple((name, text.encode() if text else None) for name, text in texts.items())


def _no_tick() -> None:
    """Keep nothing alive: the reader looks after itself."""
