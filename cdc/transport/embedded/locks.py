"""Locks between processes that the kernel releases when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

_OPEN_FILE_LOCKS = sys.platform == "linux"


class FileLock:
    """Exclusive locks on single bytes of a file that is never written.

    On Linux a lock belongs to the object; elsewhere to the process, so that two objects of one
    process do not exclude each other.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def acquire(self, byte: int) -> None:
        """Wait for the lock."""
        self._lock(byte, wait=True)

    def try_acquire(self, byte: int) -> bool:
        """Take the lock and return True, or False when somebody else has it."""
        try:
            self._lock(byte, wait=False)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def close(self) -> None:
        """Release every lock."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lock(self, byte: int, *, wait: bool) -> None:
        if _OPEN_FILE_LOCKS:
            command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
            request = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
            fcntl.fcntl(self._file, command, request)
        else:
            fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, byte)


def byte_of(name: str) -> int:
    """Return the byte that stands for a name: a hash of 62 bits, never 0."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 2 | 1
