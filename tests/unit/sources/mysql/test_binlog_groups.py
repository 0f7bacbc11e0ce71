"""What took place, and what did not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from cdc.errors import CdcError
from cdc.sources.mysql.binlog.decoder import EventDecoder
from cdc.sources.mysql.binlog.events import (
    BeginQuery,
    Chunk,
    Event,
    FormatDescription,
    GtidEvent,
    Heartbeat,
    Incident,
    Query,
    Rotate,
    Rows,
    RowsQuery,
    Shape,
    TableMap,
    XaPrepare,
    Xid,
)
from cdc.sources.mysql.binlog.groups import EventGroups
from cdc.sources.mysql.binlog.outcomes import (
    Begin,
    Commit,
    Outcome,
    Passed,
    Place,
    Statement,
    statement_format,
)
from tests.unit.sources.mysql.binlogs import decoded, from_file, never, outcomes

BOTH = pytest.mark.parametrize("name", ["mysql80-full.bin", "mariadb1011-full.bin", "mariadb114-full.bin"])


def pairs(found: list[Outcome]) -> list[int]:
    """Return the first column of the rows that were inserted into `pairs`, in order."""
    return [
        struct.unpack_from("<i", rows.chunk.data, rows.start + 1)[0]
        for rows in found
        if isinstance(rows, Rows) and rows.shape.table.table == "pairs"
    ]


@BOTH
def test_what_was_rolled_back_is_not_there_and_xa_comes_when_it_commits(name: str) -> None:
    found = outcomes(name)
    assert pairs(found) == [1, 2, 4, 6, 12, 11, 13, 30]
    assert [type(one) for one in found if isinstance(one, Begin | Commit)] == [Begin, Commit] * (
        sum(isinstance(one, Begin) for one in found)
    )


@BOTH
def test_what_does_not_fit_is_read_again(name: str) -> None:
    places: list[Place] = []

    def reread(place: Place) -> Iterator[Event]:
        places.append(place)
        yield from from_file(place)

    assert pairs(outcomes(name, reread, hold_bytes=0, hold_all=True)) == pairs(outcomes(name))
    assert len(places) > 10


@BOTH
def test_events_are_numbered_alike_at_both_times(name: str) -> None:
    def numbers(found: list[Outcome]) -> list[tuple[int, int]]:
        return [(rows.pos, rows.number) for rows in found if isinstance(rows, Rows)]

    once = numbers(outcomes(name))
    assert once == numbers(outcomes(name, from_file, hold_bytes=0, hold_all=True))
    assert min(number for _, number in once) == 2


@BOTH
def test_a_prepared_transaction_is_found_after_a_restart(name: str) -> None:
    events = decoded(name)
    cut = next(n for n, e in enumerate(events) if isinstance(e, XaPrepare) and "6b657074" in e.xid) + 1
    first = EventGroups(never, name)
    list(first.feed(events[:cut]))
    assert list(first.prepared) == ["X'6b657074',X'',1"]
    second = EventGroups(from_file, name, prepared=dict(first.prepared))
    assert pairs(list(second.feed(events[cut:]))) == [12, 11, 13, 30]
    assert not second.prepared
    with pytest.raises(CdcError, match="prepared before the position"):
        list(EventGroups(from_file, name).feed(events[cut:]))


def test_progress_names_every_gtid_once() -> None:
    for name in ("mysql80-full.bin", "mariadb1011-full.bin", "mysql97-tagged.bin", "mysql80-payload.bin"):
        logged = [event.gtid for event in decoded(name) if isinstance(event, GtidEvent)]
        passed = []
        for found in outcomes(name):
            if isinstance(found, Commit | Statement) and not getattr(found, "within", False):
                passed.append(found.place.gtid)
            elif isinstance(found, Passed) and found.gtid:
                passed.append(found.gtid)
        assert passed == logged


def test_a_table_that_is_made_of_rows_is_ddl_within_a_transaction() -> None:
    for name in ("mysql80-full.bin", "mariadb1011-full.bin"):
        (made,) = [s for s in outcomes(name) if isinstance(s, Statement) and s.within]
        assert made.query.sql.startswith("CREATE TABLE `copy`")
        assert not made.changes_rows


def test_unwanted_gtids_have_statements_but_no_rows() -> None:
    found = outcomes("mysql80-full.bin", wanted=lambda gtid: False)
    assert not [one for one in found if isinstance(one, Rows)]
    assert [one for one in found if isinstance(one, Statement)]


@BOTH
def test_the_statements_behind_rows_on_request(name: str) -> None:
    texts = [one.text for one in outcomes(name, queries=True) if isinstance(one, RowsQuery)]
    assert "delete from kinds where id=3" in texts
    assert not [one for one in outcomes(name) if isinstance(one, RowsQuery)]


def test_changes_in_statement_format_are_known_as_such() -> None:
    found = [one for one in outcomes("mariadb1011-statement.bin") if isinstance(one, Statement)]
    changes = [one for one in found if one.changes_rows]
    assert [one.query.sql.split()[0] for one in changes] == ["insert", "update", "delete"]
    assert "binlog_format = 'ROW'" in str(statement_format(changes[0]))
    assert all(one.within for one in changes)


# -- by hand ---------------------------------------------------------------------------------

SHAPE = Shape(TableMap(b"\1\0\0\0\0\0", "d", "t", 1, lambda table: ((), None)), "c", None, b"\1")


def feed(groups: EventGroups, *events: Event) -> list[Outcome]:
    return list(groups.feed(events))


def head(n: int) -> tuple[int, int, int, int, int]:
    return 1700000000, 1, n * 100, n * 100 + 100, n


def row(n: int) -> Rows:
    return Rows(*head(n), SHAPE, Chunk(b"xx\0\1yy"), 2, 4)


def test_a_transaction_without_a_gtid_waits_for_its_end() -> None:
    groups = EventGroups(never, "f")
    assert feed(groups, GtidEvent(*head(1), None, False, False), BeginQuery(*head(2), 7), row(3)) == []
    begin, rows, commit = feed(groups, Xid(*head(4), 1))
    assert isinstance(begin, Begin)
    assert (begin.place.pos, begin.thread_id) == (100, 7)
    assert isinstance(rows, Rows)
    assert (rows.number, rows.chunk.data, rows.start) == (1, b"\0\1", 0)
    assert isinstance(commit, Commit)
    assert commit.end == 500


def test_a_transaction_with_a_gtid_comes_at_once_and_cannot_be_undone() -> None:
    groups = EventGroups(never, "f")
    found = feed(groups, GtidEvent(*head(1), "u:1"), BeginQuery(*head(2), 7), row(3))
    assert [type(one) for one in found] == [Begin, Rows]
    with pytest.raises(CdcError, match=r"u:1 at position 100 of f did not take place.*binlog\.buffer\.size"):
        feed(groups, Query(*head(4), 7, "d", "ROLLBACK"))


@pytest.mark.parametrize("hold_all", [True, False])
def test_a_server_that_died_within_a_transaction(hold_all: bool) -> None:
    groups = EventGroups(never, "f", hold_all=hold_all)
    feed(groups, GtidEvent(*head(1), "u:1"), BeginQuery(*head(2), 7), row(3))
    restarted = FormatDescription(*head(4), "8", 1700000000, 4)
    if hold_all:
        assert feed(groups, Rotate(*head(4), "g", 4, True), restarted) == []
        assert not groups.open
    else:
        with pytest.raises(CdcError, match="the server stopped before its end was written"):
            feed(groups, restarted)


def test_idle_heartbeats_move_the_position_and_busy_ones_do_not() -> None:
    groups = EventGroups(never, "f")
    assert feed(groups, Heartbeat(*head(1), "f")) == [Passed("f", 200)]
    assert feed(groups, Heartbeat(*head(1), "other")) == []
    feed(groups, GtidEvent(*head(1), "u:1"), BeginQuery(*head(2), 7))
    assert feed(groups, Heartbeat(*head(3), "f")) == []


def test_lost_events_and_rows_of_no_transaction_are_errors() -> None:
    with pytest.raises(CdcError, match="lost events at position 100 of f: oops"):
        feed(EventGroups(never, "f"), Incident(*head(1), "oops"))
    with pytest.raises(CdcError, match="Rows at position 100 of f is in no transaction"):
        feed(EventGroups(never, "f"), row(1))


def test_the_decoder_and_the_groups_are_lazy() -> None:
    from tests.unit.sources.mysql.binlogs import recorded, stream

    groups = EventGroups(never, "f")
    found = groups.feed(EventDecoder("f").decode(stream(recorded("mysql80-payload.bin"))))
    assert isinstance(next(found), Statement)
