"""Which transactions a snapshot shows, with ids that wrap around at 32 bits."""

from __future__ import annotations

import pytest

from cdc.sources.postgres.visibility import Visibility, parse_visibility

EPOCH = 1 << 32


def test_parse() -> None:
    assert parse_visibility("10:20:12,15") == Visibility(10, 20, frozenset({12, 15}))
    assert parse_visibility("10:10:") == Visibility(10, 10, frozenset())


def test_a_slot_s_snapshot_may_end_before_it_begins() -> None:
    shown = parse_visibility("4014:4012:")
    assert (shown.shows(4012), shown.shows(4013), shown.shows(4014)) == (True, True, False)
    assert str(shown) == "4014:4014:"
    assert str(parse_visibility("10:20:12,15")) == "10:20:12,15"


@pytest.mark.parametrize(
    ("xid", "shown"), [(9, True), (12, False), (13, True), (15, False), (20, False), (99, False)]
)
def test_shows(xid: int, shown: bool) -> None:
    assert parse_visibility("10:20:12,15").shows(xid) is shown


@pytest.mark.parametrize(
    ("xmax", "xid", "shown"),
    [
        (3 * EPOCH + 5, EPOCH - 10, True),  # before the wrap, the snapshot behind it
        (3 * EPOCH + 5, 4, True),
        (3 * EPOCH + 5, 6, False),
        (3 * EPOCH - 5, 3, False),  # behind the wrap, the snapshot before it
        (3 * EPOCH - 5, EPOCH - 6, True),
        (3 * EPOCH - 5, EPOCH - 4, False),
    ],
)
def test_wrap(xmax: int, xid: int, shown: bool) -> None:
    assert Visibility(xmax - 20, xmax, frozenset()).shows(xid) is shown


def test_running_across_the_wrap() -> None:
    assert not Visibility(EPOCH - 9, EPOCH + 9, frozenset({EPOCH - 3})).shows(EPOCH - 3)
    assert Visibility(EPOCH - 9, EPOCH + 9, frozenset({EPOCH - 3})).shows(EPOCH - 2)


@pytest.mark.parametrize(
    ("other", "xids"),
    [
        ("10:20:12,15", []),
        ("21:21:", []),
        ("9:18:9,12,15", [9, 18, 19]),  # 9 still ran
        ("15:19:15,18", [18, 19]),
        ("12:99:12,20,30", []),
    ],
)
def test_beyond(other: str, xids: list[int]) -> None:
    assert list(parse_visibility("10:20:12,15").beyond(parse_visibility(other))) == xids
