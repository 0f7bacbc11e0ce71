"""Positions, offsets, and where a stored one resumes."""

from __future__ import annotations

from typing import Any

import pytest

from cdc.sources.postgres.positions import (
    Position,
    ResumePoint,
    in_snapshot,
    lsn_text,
    parse_lsn,
    resume_point,
    start_lsn,
)


@pytest.mark.parametrize(
    ("text", "number"), [("0/0", 0), ("16/B374D848", 0x16B374D848), ("FF/1", 0xFF00000001)]
)
def test_lsn(text: str, number: int) -> None:
    assert parse_lsn(text) == number
    assert lsn_text(number) == text


def test_between_transactions() -> None:
    position = Position("7", 100)
    position.begin(300, 9, 1)
    position.event(210)
    position.commit(310)
    offset = position.offset()
    assert (offset["lsn_commit"], offset["lsn_proc"], offset["messageType"]) == (310, 310, "COMMIT")
    assert resume_point(offset) is None
    assert start_lsn(offset) == 310


def test_inside_a_transaction() -> None:
    position = Position("7", 100)
    position.begin(300, 9, 1)
    for lsn in (210, 220, 220):
        position.event(lsn)
    offset = position.offset()
    assert start_lsn(offset) == 100
    point = resume_point(offset)
    assert point == ResumePoint(300, 9, 220, 2)
    assert point.concerns(300, 9)
    assert not point.concerns(301, 9)
    assert [point.covers(*event) for event in [(210, 1), (220, 2), (220, 3), (230, 1)]] == [
        True,
        True,
        False,
        False,
    ]
    again = Position.of(offset, "7", 100)
    assert again.offset() == offset


def test_right_behind_a_begin_nothing_is_covered() -> None:
    """The transaction may have begun before the one that was committed last."""
    position = Position("7", 100)
    position.begin(300, 9, 1)
    point = resume_point(position.offset())
    assert point is not None
    assert not point.covers(50, 1)


def test_reach_never_goes_back() -> None:
    position = Position("7", 100)
    position.reach(90)
    assert position.commit_lsn == 100
    position.reach(110)
    assert (position.commit_lsn, position.last_commit) == (110, 0)


DEBEZIUM: dict[str, Any] = {
    "lsn_proc": 50,
    "messageType": "INSERT",
    "lsn_commit": 40,
    "lsn": 50,
    "txId": 9,
    "ts_usec": 1,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ResumePoint(0, 9, 50, 1)),
        ({"lsn_events_processed": 3}, ResumePoint(0, 9, 50, 3)),
        ({"lsn_commit": 50}, ResumePoint(0, 9, 50, 1)),  # the first event stands where the last commit ends
        ({"messageType": "COMMIT"}, None),
        ({"messageType": "BEGIN"}, None),
        ({"lsn_proc": None, "lsn_commit": None}, None),
    ],
)
def test_offsets_of_debezium(change: dict[str, Any], expected: ResumePoint | None) -> None:
    assert resume_point(DEBEZIUM | change) == expected


def test_unfinished_snapshots() -> None:
    assert in_snapshot({"snapshot": "INITIAL", "snapshot_completed": False})
    assert not in_snapshot({"snapshot": "INITIAL", "snapshot_completed": True})
    assert not in_snapshot(DEBEZIUM)
    assert Position.of({"snapshot": "INITIAL", "lsn_commit": 5}, "7", 5).last_commit == 0
