"""Source offsets in a file, for a worker that stands alone (`offset.storage.file.filename`).

One record a line, `[key, value]` as base64; the file is replaced as a whole. The file of a
standalone Connect worker, a Java-serialised map, is read and becomes one of ours at the first write.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cdc.errors import LogError, LogFull, LogRejected
from cdc.java_map import MAGIC, parse
from cdc.plugin import State


class OffsetFile(State):
    """Keep records in a file that several processes may share; each look reads it if it changed."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).expanduser()
        self._seen: tuple[int, int, int] | None = None
        self._live: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return the newest value of `key`."""
        return self._read().get(key)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every live key with its value."""
        return iter(list(self._read().items()))

    def put(self, key: bytes, value: bytes | None) -> None:
        """Store durably; None deletes."""
        self.put_all({key: value})

    def put_all(self, values: Mapping[bytes, bytes | None]) -> None:
        """Store several at once: after a crash the file has all of them or none."""
        with self._locked():
            live = dict(self._read())
            for key, value in values.items():
                if value is None:
                    live.pop(key, None)
                else:
                    live[key] = value
            self._replace(live)

    def close(self) -> None:
        """Do nothing: the file is not kept open."""

    def _read(self) -> dict[bytes, bytes]:
        try:
            status = self._path.stat()
            seen = status.st_mtime_ns, status.st_ino, status.st_size
            if seen != self._seen:
                self._live = _parse(self._path.read_bytes(), self._path)
                self._seen = seen
        except FileNotFoundError:
            self._live, self._seen = {}, None
        except OSError as error:
            raise LogError(f"Offset file {self._path}: {error.strerror}") from None
        return self._live

    def _replace(self, live: Mapping[bytes, bytes]) -> None:
        new = self._path.with_name(self._path.name + ".new")
        try:
            with new.open("wb") as file:
                for record in live.items():
                    file.write(
                        json.dumps([base64.b64encode(part).decode() for part in record]).encode() + b"\n"
                    )
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            self._sync_folder()
        except OSError as error:
            raise LogFull(f"Offset file {self._path} cannot be written: {error.strerror}") from None
        self._seen = None

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock beside the file: other tasks of the worker write theirs to the same one."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._path.with_name(self._path.name + ".lock").open("wb")
        except OSError as error:
            raise LogRejected(f"Offset file {self._path} cannot be written: {error.strerror}") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _parse(data: bytes, path: Path) -> dict[bytes, bytes]:
    try:
        if data.startswith(MAGIC):
            return {key: value for key, value in parse(data) if key is not None and value is not None}
        return dict(_record(line) for line in data.splitlines())
    except (ValueError, TypeError, IndexError):
        raise LogRejected(
            f"{path} is no offset file", hint="correct offset.storage.file.filename, or move the file away"
        ) from None


def _record(line: bytes) -> tuple[bytes, bytes]:
    key, value = json.loads(line)
    return base64.b64decode(key, validate=True), base64.b64decode(value, validate=True)
