"""Compressed events: MySQL's transaction payloads (zstd), MariaDB's log_bin_compress (zlib)."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

from cdc.errors import DriverMissing
from cdc.sources.mysql.binlog.failures import Malformed
from cdc.sources.mysql.binlog.integers import packed, piece

_PIECE = 256 * 1024
_SIZE, _ALGORITHM, _UNCOMPRESSED, _END = 1, 2, 3, 0
_ZSTD, _NONE = 0, 255
LARGEST_EVENT = 1 << 30
"""max_allowed_packet's limit: no server writes a larger event."""


def inflated(data: bytes) -> bytes:
    """Return what MariaDB compressed: a byte of algorithm and width, the length, a zlib stream."""
    head = data[0]
    if head & 0x70:
        raise Malformed(f"it is compressed with the unknown algorithm {head >> 4 & 7}")
    width = head & 7
    size = int.from_bytes(piece(data, 1, width), "big")
    if size > LARGEST_EVENT:
        raise Malformed(f"it claims to hold {size} bytes")
    inflater = zlib.decompressobj()
    found = inflater.decompress(data[1 + width :], size + 1)
    if len(found) != size:
        raise Malformed(f"it holds {len(found)} bytes instead of {size}")
    return found


def payload_pieces(body: bytes) -> Iterator[bytes]:
    """Yield the events of a transaction payload in pieces of bounded size, cut anywhere.

    https://dev.mysql.com/doc/dev/mysql-server/latest/classmysql_1_1binlog_1_1event_1_1Transaction__payload__event.html
    """
    at, algorithm, size = 0, _ZSTD, -1
    while True:
        code, at = packed(body, at)
        if code == _END:
            break
        length, at = packed(body, at)
        if code == _SIZE:
            size = packed(body, at)[0]
        elif code == _ALGORITHM:
            algorithm = packed(body, at)[0]
        at += length
    data = piece(body, at, len(body) - at if size < 0 else size)
    yield from _pieces(data, algorithm)


def _pieces(data: bytes, algorithm: int) -> Iterator[bytes]:
    if algorithm == _NONE:
        yield data
        return
    if algorithm != _ZSTD:
        raise Malformed(f"it is compressed with the unknown algorithm {algorithm}")
    try:
        import zstandard
    except ImportError:
        raise DriverMissing("zstandard", "mysql") from None
    try:
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as reader:
            while found := reader.read(_PIECE):
                yield found
    except zstandard.ZstdError as error:
        raise Malformed(str(error)) from error
