"""Random and cut events: an error that names file and position, or events; never a loop."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdc.errors import CdcError
from cdc.sources.mysql.binlog.decoder import EventDecoder
from cdc.sources.mysql.binlog.events import Rows
from cdc.sources.mysql.binlog.failures import EndOfDump, RefusedByServer, UnreadableEvent
from cdc.sources.mysql.binlog.groups import EventGroups
from tests.unit.sources.mysql.binlogs import FILES, event, packet, recorded, stream

PLAIN = recorded("mysql80-nocrc.bin")[0]


def survives(data: bytes, *, verify: bool = False) -> None:
    count, error = 0, None
    try:
        for found in EventDecoder("binlog.000042", verify).decode(data):
            count += 1
            if isinstance(found, Rows):
                found.shape.table.columns  # noqa: B018
    except UnreadableEvent as unreadable:
        error = unreadable
    except (RefusedByServer, EndOfDump):
        pass
    assert error is None or f"position {error.pos} of {error.file}" in str(error)
    assert count <= len(data)


@settings(max_examples=300)
@given(st.integers(0, 255), st.binary(max_size=120), st.integers(0, 0xFFFF))
@example(40, b"\3\1\0\0\x28\xb5\x2f\xfd", 0)
def test_any_bytes_under_any_type(kind: int, body: bytes, flags: int) -> None:
    survives(stream([PLAIN, event(kind, body, flags=flags)]))


@settings(max_examples=200)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False), st.integers(1, 12))
def test_recorded_logs_with_some_bytes_changed(name: str, chance: random.Random, changes: int) -> None:
    events = [bytearray(one) for one in recorded(name)]
    for _ in range(changes):
        victim = chance.choice(events[1:])
        victim[chance.randrange(len(victim))] = chance.randrange(256)
    survives(stream(map(bytes, events)))


@settings(max_examples=200)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_recorded_logs_with_an_event_cut(name: str, chance: random.Random) -> None:
    events = recorded(name)
    at = chance.randrange(1, len(events))
    cut = events[at][: chance.randrange(len(events[at]))]
    if len(cut) >= 13:  # with a length that fits, so that the inner readers meet the end
        cut = cut[:9] + len(cut).to_bytes(4, "little") + cut[13:]
    survives(stream([*events[:at], cut, *events[at + 1 :]]))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_at_all(data: bytes) -> None:
    survives(data)
    survives(packet(PLAIN) + data)


@settings(max_examples=100)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_events_in_any_order(name: str, chance: random.Random) -> None:
    first, *events = recorded(name)
    chance.shuffle(events)
    groups = EventGroups(lambda place: iter(()), name)
    found, said = [], "position of"
    try:
        found = list(groups.feed(EventDecoder(name).decode(stream([first, *events]))))
    except CdcError as error:
        said = str(error)
    assert found or ("position" in said and " of " in said)


def test_a_payload_that_claims_too_much() -> None:
    body = b"\2\3\xfc\xff\0\0" + event(16, bytes(8))[:-3]
    with pytest.raises(UnreadableEvent, match=r"TRANSACTION_PAYLOAD \(40\) .* its last event is cut off"):
        list(EventDecoder("f").decode(stream([PLAIN, event(40, body)])))
