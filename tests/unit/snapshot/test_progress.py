"""The progress of a snapshot: segments, offsets, the barrier."""

from __future__ import annotations

import pytest

from snapshot.modes import MODES, configured
from snapshot.progress import SnapshotProgress, TableProgress, read_progress

KEY = (("id", "integer"), ("name", 'text COLLATE "x"'))


def test_chunks_of_one_position_are_one_segment() -> None:
    progress = TableProgress("s.t", key=KEY)
    progress = progress.advance(("1", "a"), "10:10:", 5, 100)
    progress = progress.advance(("2", "b"), "10:10:", 5, 50)
    progress = progress.advance(("3", "c"), "10:20:12", 9, 1)
    assert [(s.up_to, s.position) for s in progress.segments] == [
        (("2", "b"), "10:10:"),
        (("3", "c"), "10:20:12"),
    ]
    assert (progress.rows, progress.resume_after, progress.finished) == (151, ("3", "c"), False)
    done = progress.advance(None, "10:20:12", 9, 0)
    assert done.finished
    assert len(done.segments) == 2


def test_offsets_bring_it_back() -> None:
    progress = TableProgress("s.t", key=KEY).advance(('q"', ""), "1:2:", 3, 4).advance(None, "2:3:", 9, 1)
    assert read_progress("s.t", progress.offset()) == progress
    assert all(isinstance(value, (str, int)) for value in progress.offset().values())


def test_only_ours_is_loaded_and_forgotten() -> None:
    mine = SnapshotProgress({"server": "a"})
    one = TableProgress("s.t").advance(None, "1:1:", 7, 1)
    other = SnapshotProgress({"server": "b"})
    mine.load(
        [
            (mine.partition("s.t"), one.offset()),
            (other.partition("s.u"), one.offset()),
            ({"server": "a"}, {"lsn": 1}),
            (mine.partition("s.gone"), None),
        ]
    )
    assert list(mine.tables) == ["s.t"]
    assert mine.barrier == 7
    assert mine.drop("s.t") == ({"server": "a", "snapshot_table": "s.t"}, None)
    assert mine.barrier == 0
    mine.tables["s.t"] = one
    assert mine.forget() == [({"server": "a", "snapshot_table": "s.t"}, None)]
    assert mine.of("s.t").segments == ()


@pytest.mark.parametrize(
    ("mode", "first", "again", "stream", "renew"),
    [
        ("initial", True, False, True, False),
        ("initial_only", True, False, False, False),
        ("always", True, True, True, False),
        ("no_data", False, False, True, False),
        ("when_needed", True, False, True, True),
    ],
)
def test_modes(mode: str, first: bool, again: bool, stream: bool, renew: bool) -> None:
    row = MODES[mode]
    assert (row.takes_data(finished=False), row.takes_data(finished=True)) == (first, again)
    assert (row.stream, row.renew) == (stream, renew)


def test_configured() -> None:
    mode = configured(data=True, stream=False, on_data_error=True)
    assert (mode.takes_data(finished=False), mode.stream, mode.renew) == (True, False, True)
    assert not configured(data=False, stream=True, on_data_error=False).takes_data(finished=False)
