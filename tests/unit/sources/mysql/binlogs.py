"""Recorded binary logs as a server sends them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cdc.sources.mysql.binlog.decoder import EventDecoder
from cdc.sources.mysql.binlog.events import Event
from cdc.sources.mysql.binlog.groups import EventGroups, Reread
from cdc.sources.mysql.binlog.outcomes import Outcome, Place

DATA = Path(__file__).parent / "data"
FILES = sorted(path.name for path in DATA.glob("*.bin"))


def split(data: bytes) -> list[bytes]:
    """Return the events of a file."""
    found, at = [], 4
    while at < len(data):
        size = int.from_bytes(data[at + 9 : at + 13], "little")
        found.append(data[at : at + size])
        at += size
    return found


def packet(event: bytes) -> bytes:
    """Return the packets in which an event travels."""
    payload, found = b"\0" + event, b""
    while True:
        part, payload = payload[:0xFFFFFF], payload[0xFFFFFF:]
        found += len(part).to_bytes(3, "little") + b"\0" + part
        if len(part) < 0xFFFFFF:
            return found


def recorded(name: str) -> list[bytes]:
    """Return the events of a recorded file."""
    return split((DATA / name).read_bytes())


def stream(events: Iterable[bytes]) -> bytes:
    """Return events as a server sends them."""
    return b"".join(map(packet, events))


def decoded(name: str) -> list[Event]:
    """Return what a recorded file decodes to."""
    return list(EventDecoder(name).decode(stream(recorded(name))))


def never(place: Place) -> Iterator[Event]:
    """Read nothing again."""
    raise AssertionError(f"read again: {place}")


def outcomes(name: str, reread: Reread = never, **more: object) -> list[Outcome]:
    """Return what became of a recorded file's groups."""
    return list(EventGroups(reread, name, **more).feed(decoded(name)))  # type: ignore[arg-type]


def from_file(place: Place) -> Iterator[Event]:
    """Read a group again from its recorded file."""
    data = (DATA / place.file).read_bytes()
    head = split(data)[0]
    yield from EventDecoder(place.file).decode(stream([head, *split(b"...." + data[place.pos :])]))


def event(kind: int, body: bytes, *, log_pos: int = 1000, flags: int = 0, crc: bool = False) -> bytes:
    """Return an event made by hand."""
    size = 19 + len(body) + (4 if crc else 0)
    made = struct.pack("<IBIIIH", 1700000000, kind, 1, size, log_pos, flags) + body
    return made + (struct.pack("<I", zlib.crc32(made)) if crc else b"")
