"""The error tree: each class knows whether a retry may help and what the operator can do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CdcError(Exception):
    """Root of all errors that are meant for the operator.

    `retry` tells the worker whether the same work may succeed later without anybody's help;
    `hint` is the next step: the statement, setting or option that mends it.
    """

    retry: bool = False
    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one option of a config; `option` is empty when it concerns the whole."""

    option: str
    message: str


class ConfigError(CdcError):
    """A config that cannot be used; carries every problem found, not only the first.

    warnings: what was noticed besides: an option that is missing may be there with a typing error.
    """

    def __init__(
        self, problems: Sequence[Problem], *, subject: str = "Configuration", warnings: Sequence[str] = ()
    ) -> None:
        self.problems, self.warnings = tuple(problems), tuple(warnings)
        count = len(self.problems)
        lines = "\n".join(f"  {problem.message}" for problem in self.problems)
        super().__init__(f"{subject} is invalid and contains the following {count} error(s):\n{lines}")


class PluginNotFound(CdcError):
    """No plugin of that kind answers to the name."""


class DriverMissing(CdcError):
    """The driver of a plugin is not installed."""

    def __init__(self, driver: str, extra: str) -> None:
        super().__init__(f"The driver {driver!r} is not installed", hint=f"pip install 'cdc[{extra}]'")


class ConnectionFailed(CdcError):
    """A server cannot be reached, or hung up; it may be back later."""

    retry = True


class AccessDenied(CdcError):
    """The server refuses the user: wrong credentials or a missing right."""


class ServerNotReady(CdcError):
    """The server is set up in a way that does not allow the work (a setting, a missing object)."""


class PositionLost(CdcError):
    """The log position to resume from is gone: slot dropped or recreated, binlog purged, token expired."""


class SchemaHistoryLost(CdcError):
    """There is an offset, but the history of the schemas up to it is missing, partial or unreadable."""


class ResourceBusy(CdcError):
    """Somebody else holds what this task needs (an active slot, a lock); it may be released."""

    retry = True


class UnsupportedValue(CdcError):
    """A value of the source that has no representation in the chosen mode."""


class EncodeError(CdcError):
    """A record cannot be written in the chosen format."""


class DecodeError(CdcError):
    """Bytes of the log cannot be read in the chosen format."""


class LogError(CdcError):
    """The log failed in a way that the next attempt may not meet."""

    retry = True


class LogUnusable(LogError):
    """The log cannot be used until somebody acts: no rights, a damaged file, one of another version."""

    retry = False


class LogRejected(CdcError):
    """The log refuses the record or the topic for good (too large, not authorised, cannot be created)."""


class LogFull(LogError):
    """The log has no room; the source is not acknowledged until there is."""

    hint = "free disk space, or lower the retention; the task goes on by itself"


class Rebalanced(LogError):
    """Partitions with records that were read but not committed went to another member of the group.

    The reader goes on; whoever uses it gives up everything that is not flushed, and reads again
    what comes.
    """


class Interrupted(CdcError):
    """A stop was asked for while something was waited for; nothing is wrong."""


class Fenced(CdcError):
    """Another instance of the same task has taken over."""

    hint = (
        "this one must not go on: end one of the two, or give one of the connectors another name and a "
        "replication slot or server id of its own"
    )


class SinkError(CdcError):
    """The target refuses the work."""


class SinkUnavailable(SinkError):
    """The target cannot be reached or asks to try again (deadlock, lock timeout, connection)."""

    retry = True


@dataclass(frozen=True, slots=True)
class RecordPosition:
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}@{self.offset}"


class RecordRejected(SinkError):
    """One record cannot be processed and `errors.tolerance` is `none`."""

    def __init__(self, position: RecordPosition, key: object, reason: str, *, stage: str) -> None:
        self.position, self.key, self.reason, self.stage = position, key, reason, stage
        super().__init__(
            f"Tolerance exceeded in error handler: record {position} with key {key!r} "
            f"failed in {stage}: {reason}",
            hint="mend the record or the target, or set errors.tolerance=all with "
            "errors.deadletterqueue.topic.name to set such records aside",
        )
