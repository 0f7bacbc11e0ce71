"""Offsets in Debezium's form, and their order."""

from __future__ import annotations

import pytest

from cdc.errors import ServerNotReady
from cdc.sources.mysql.binlog.events import Query
from cdc.sources.mysql.binlog.outcomes import Begin, Commit, Passed, Place, Statement
from cdc.sources.mysql.gtid import MariaDbGtidSet, MySqlGtidSet
from cdc.sources.mysql.positions import Position, ResumePoint, at_or_before, file_order, read_offset

UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


def test_debeziums_offset_is_read_and_written() -> None:
    stored = {
        "transaction_id": None,
        "ts_sec": 1700000000,
        "file": "binlog.000003",
        "pos": 1234,
        "gtids": f"{UUID}:1-5",
        "row": 1,
        "server_id": 223344,
        "event": 2,
    }
    position = read_offset(stored, MySqlGtidSet)
    assert (position.event, position.row) == (2, 1)
    assert position.offset() == stored
    assert read_offset({"file": "f.1", "pos": "4", "snapshot": True}, MySqlGtidSet).snapshot == "true"
    assert read_offset({"file": "f.1", "pos": 4, "snapshot": "false"}, MySqlGtidSet).snapshot is None


@pytest.mark.parametrize("stored", [{}, {"file": "f"}, {"file": "f", "pos": 4, "gtids": "0-1-5"}])
def test_what_is_no_offset_is_told(stored: dict[str, object]) -> None:
    with pytest.raises(ServerNotReady, match="is no position in a binary log"):
        read_offset(stored, MySqlGtidSet)


def test_a_position_goes_with_the_transactions() -> None:
    position = Position("f.1", 4, MySqlGtidSet.parse(f"{UUID}:1-5"), server_uuid=UUID)
    place = Place("f.1", 100, f"{UUID}:6")
    position.begin(Begin(place, 1700000001, 9, 7, 0))
    assert position.offset() == {
        "ts_sec": 1700000001,
        "file": "f.1",
        "pos": 100,
        "gtids": f"{UUID}:1-5",
        "server_id": 9,
        "event": 1,
        "gtid": f"{UUID}:6",
        "server_uuid": UUID,
    }
    position.rows(2)
    position.rows(4, 10)
    assert (position.offset()["event"], position.offset()["row"]) == (4, 10)
    position.statement(Statement(place, query(300), False, True))
    assert position.event == 4
    position.commit(Commit(place, 400, 1700000002))
    done = position.offset()
    assert (done["pos"], done["gtids"], "event" in done, "row" in done) == (400, f"{UUID}:1-6", False, False)
    position.statement(Statement(Place("f.1", 400, f"{UUID}:7"), query(500), False, False))
    assert (position.pos, str(position.gtids)) == (500, f"{UUID}:1-7")
    position.passed(Passed("f.2", 4))
    assert (position.file, position.pos, position.ts_sec) == ("f.2", 4, 1700000003)


def query(end: int) -> Query:
    return Query(1700000003, 9, end - 100, end, 1, 7, "d", "drop table t")


def test_prepared_transactions_are_part_of_the_position() -> None:
    prepared = {"X'61',X'',1": Place("f.1", 50, "0-1-3"), "X'62',X'',1": Place("f.1", 90, None)}
    position = Position("f.1", 400, MariaDbGtidSet.parse("0-1-9"), prepared=prepared)
    assert read_offset(position.offset(), MariaDbGtidSet).prepared == prepared


def test_what_is_done_of_the_first_transaction() -> None:
    resume = ResumePoint(event=4, row=2)
    assert [resume.done(number) for number in (3, 4, 5)] == [None, 2, 0]


def test_files_are_ordered_by_number() -> None:
    files = ["binlog.1000000", "binlog.000009", "binlog.999999", "odd"]
    assert sorted(files, key=file_order) == ["binlog.000009", "binlog.999999", "binlog.1000000", "odd"]


def test_order_of_positions() -> None:
    def at(file: str = "f.000001", pos: int = 4, gtids: str | None = None, **more: int) -> Position:
        return Position(file, pos, None if gtids is None else MySqlGtidSet.parse(gtids), **more)

    assert at_or_before(at(pos=4), at(pos=4))
    assert at_or_before(at(pos=9), at("f.000002"))
    assert not at_or_before(at("f.000002"), at(pos=9))
    assert at_or_before(at(pos=4, event=1), at(pos=4, event=2))
    assert not at_or_before(at(pos=4, event=2, row=3), at(pos=4, event=2, row=2))
    assert at_or_before(at("f.000009", gtids=f"{UUID}:1-3"), at("f.000001", gtids=f"{UUID}:1-4"))
    assert not at_or_before(at(gtids=f"{UUID}:1-5"), at(gtids=f"{UUID}:1-4"))
    assert at_or_before(at(gtids=f"{UUID}:1", event=1), at(gtids=f"{UUID}:1", event=2))
    assert at_or_before(at("g.9", server_id=1, ts_sec=5), at("f.1", server_id=2, ts_sec=6))
