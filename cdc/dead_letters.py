"""Records that could not be processed, on their way to a topic of their own, and why they are there."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdc.batch import Header, RecordBatch
from schemas.connect import STRING

PREFIX = "__connect.errors."
"""What the names of all headers begin with that tell of the error (Connect's DeadLetterQueueReporter)."""


def error_headers(
    error: Exception, *, connector: str, task: int, stage: str, cls: type, where: Mapping[str, object]
) -> dict[str, str | None]:
    """Return the headers that tell of an error, as text.

    stage: what was going on (org.apache.kafka.connect.runtime.errors.Stage). cls: who failed. where: what
    is known of the record's place: `topic`, `partition`, `offset`.
    """
    texts = {
        **{name: str(value) for name, value in where.items()},
        "connector.name": connector,
        "task.id": str(task),
        "stage": stage,
        "class.name": _class_name(cls),
        "exception.class.name": _class_name(type(error)),
        "exception.message": str(error) or None,
        "exception.stacktrace": "".join(traceback.format_exception(error)),
    }
    return {PREFIX + name: text for name, text in texts.items()}


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


@dataclass(slots=True)
class DeadLetters:
    """Gather what a source sets aside, until the window that they are delivered with (`Window.letters`).

    topic: the dead letter queue; empty: there is none, and nothing is gathered. headers: whether each
    says what happened.
    """

    topic: str
    connector: str
    task: int
    source: type
    headers: bool
    _letters: list[tuple[str, str, list[Header]]] = field(default_factory=list)

    def add(self, meant_for: str, key: str, value: str, error: Exception) -> None:
        """Set a record aside. meant_for: its topic. key, value: what there is of it, as text."""
        if self.topic:
            self._letters.append((key, value, self._context(meant_for, error) if self.headers else []))

    def take(self) -> list[RecordBatch]:
        """Return what was gathered."""
        if not self._letters:
            return []
        letters, self._letters = self._letters, []
        keys, values, headers = map(list, zip(*letters, strict=True))
        return [RecordBatch(self.topic, STRING, STRING, keys, values, headers if self.headers else None)]

    def _context(self, meant_for: str, error: Exception) -> list[Header]:
        texts = error_headers(
            error,
            connector=self.connector,
            task=self.task,
            stage="TASK_POLL",
            cls=self.source,
            where={"topic": meant_for},
        )
        return [(name, STRING.as_optional(), text) for name, text in texts.items()]
