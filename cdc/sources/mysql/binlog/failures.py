"""What is wrong with a binary log, said with file and position."""

from __future__ import annotations

import struct
import zlib

from cdc.errors import CdcError


class Malformed(ValueError):
    """Bytes of an event are not what its type promises; the decoder adds where that is."""


FAULTS = (
    Malformed,
    ArithmeticError,
    LookupError,
    RecursionError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What reading bytes that are not what they should be may raise."""


def why(error: Exception) -> str:
    """Return what is wrong, for one of `FAULTS`."""
    return str(error) if isinstance(error, Malformed) else f"it is malformed ({error!r})"


class UnreadableEvent(CdcError):
    """An event of the binary log cannot be read."""

    def __init__(self, file: str, pos: int, event: str, why: str, *, hint: str | None = None) -> None:
        self.file, self.pos = file, pos
        look = f"mysqlbinlog --read-from-remote-server --start-position={pos} --verbose {file}"
        super().__init__(
            f"Cannot read the {event} event at position {pos} of {file or 'the binary log'}: {why}",
            hint=hint or f"look at it with: {look}",
        )


class RefusedByServer(Exception):
    """The server ends the stream with an error packet."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code, self.message = code, message


class EndOfDump(Exception):
    """The server has sent all that it has; only a dump that does not wait for more ends so."""
