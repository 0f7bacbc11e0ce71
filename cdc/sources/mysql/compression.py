"""The compressed protocol: packets in zlib streams.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression.html
"""

from __future__ import annotations

import io
import zlib
from socket import socket
from typing import Any

_HEADER = 7
_LARGEST = 0xFFFFFF
_WORTH = 50
"""Shorter packets are sent as they are."""


class CompressedSocket(io.RawIOBase):
    """A socket whose bytes travel compressed; has of a socket what the driver and the stream use."""

    def __init__(self, inner: socket) -> None:
        self._inner = inner
        self._raw = bytearray()
        self._plain = bytearray()
        self._sequence = 0

    def sendall(self, data: bytes) -> None:
        """Send all of `data`; a packet with number 0 starts a command, and the numbering anew."""
        if data[3] == 0:
            self._sequence = 0
        for at in range(0, len(data), _LARGEST):
            part = data[at : at + _LARGEST]
            packed = zlib.compress(part) if len(part) >= _WORTH else part
            plain_size = len(part) if len(part) >= _WORTH else 0
            head = (
                len(packed).to_bytes(3, "little") + bytes([self._sequence]) + plain_size.to_bytes(3, "little")
            )
            self._sequence = (self._sequence + 1) % 256
            self._inner.sendall(head + packed)

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes; nothing at the end. Raises what the socket raises."""
        while not self._plain:
            self._unpack()
            if not self._plain:
                more = self._inner.recv(max(size, 65536))
                if not more:
                    return b""
                self._raw += more
        found = bytes(self._plain[:size])
        del self._plain[:size]
        return found

    def _unpack(self) -> None:
        at, raw = 0, self._raw
        while len(raw) - at >= _HEADER:
            size = int.from_bytes(raw[at : at + 3], "little")
            plain_size = int.from_bytes(raw[at + 4 : at + 7], "little")
            end = at + _HEADER + size
            if end > len(raw):
                break
            body = bytes(raw[at + _HEADER : end])
            self._sequence = (raw[at + 3] + 1) % 256
            self._plain += zlib.decompressobj().decompress(body, plain_size) if plain_size else body
            at = end
        del raw[:at]

    def pending(self) -> int:
        """How many bytes have been received and not been read."""
        inner = getattr(self._inner, "pending", None)
        return len(self._plain) or (inner() if inner else 0)

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something."""
        found = self.recv(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a buffered reader, as the driver wants it."""
        return io.BufferedReader(self)

    def settimeout(self, timeout: float | None) -> None:
        """Set the socket's timeout."""
        self._inner.settimeout(timeout)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._inner.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._inner.close()
        super().close()
