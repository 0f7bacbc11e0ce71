"""Journals that need no log: in a file of JSON lines, and in memory."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from cdc.errors import CdcError, LogFull, LogRejected
from cdc.plugin import Journal

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileJournal(Journal):
    """Keep JSON documents in a text file, one a line, as Debezium's FileSchemaHistory does.

    A last line that a crash has cut short was never durable: it is no record, and the next append drops it.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).expanduser()

    def span(self) -> range | None:
        """Return the numbers of the records; None when there is no file."""
        content = self._content()
        return None if content is None else range(sum(1 for _ in _lines(content)))

    def append(self, values: Sequence[bytes]) -> None:
        """Add lines, and wait until the disk has them."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                whole = _whole(self._path.read_bytes())
                file.truncate(len(whole))
                between = b"\n" if whole and not whole.endswith(b"\n") else b""
                file.write(between + b"".join(value + b"\n" for value in values))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._failure(error, "written") from error

    def read(self) -> Iterator[bytes]:
        """Yield the lines that hold something."""
        return _lines(self._content() or b"")

    def close(self) -> None:
        """Do nothing: the file is not kept open."""

    def _content(self) -> bytes | None:
        try:
            return _whole(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure(error, "read") from error

    def _failure(self, error: OSError, verb: str) -> CdcError:
        message = f"{self._path} cannot be {verb}: {error.strerror}"
        if error.errno in _FULL:
            return LogFull(message)
        return LogRejected(message, hint="check the path and the rights on it")


def _whole(content: bytes) -> bytes:
    """Return the content without a last line that was cut; one without a line end may be whole."""
    head, end, last = content.rpartition(b"\n")
    try:
        orjson.loads(last or b"0")
    except ValueError:
        return head + end
    return content


def _lines(content: bytes) -> Iterator[bytes]:
    return (line for line in map(bytes.strip, content.split(b"\n")) if line)


class MemoryJournal(Journal):
    """Keep records in a list: they live as long as it does."""

    def __init__(self, values: list[bytes] | None = None) -> None:
        self._values = [] if values is None else values

    def span(self) -> range | None:
        """Return the numbers of the records; None before the first append."""
        return range(len(self._values)) if self._values else None

    def append(self, values: Sequence[bytes]) -> None:
        """Add records."""
        self._values += values

    def read(self) -> Iterator[bytes]:
        """Yield the records."""
        return iter(self._values[:])

    def close(self) -> None:
        """Do nothing: the list is not ours."""
