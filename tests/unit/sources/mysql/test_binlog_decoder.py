"""Events of logs recorded from real servers, and of some made by hand."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdc.sources.mysql.binlog.decoder import EventDecoder
from cdc.sources.mysql.binlog.events import (
    Event,
    GtidEvent,
    GtidSetEvent,
    Heartbeat,
    Ignored,
    Incident,
    Query,
    Rotate,
    Rows,
    RowsQuery,
    StatementContext,
    XaPrepare,
    Xid,
)
from cdc.sources.mysql.binlog.failures import EndOfDump, RefusedByServer, UnreadableEvent
from cdc.sources.mysql.binlog.kinds import Kind
from tests.unit.sources.mysql.binlogs import FILES, decoded, event, packet, recorded, stream

PLAIN = recorded("mysql80-nocrc.bin")[0]
"""The head of a file without checksums."""


def rows_of(name: str) -> list[Rows]:
    return [found for found in decoded(name) if isinstance(found, Rows)]


def by_hand(*events: bytes) -> list[Event]:
    return list(EventDecoder("hand.000001").decode(stream([PLAIN, *events])))[1:]


def summary(found: Event) -> tuple[object, ...]:
    if isinstance(found, Rows):
        shape = found.shape
        rows = found.chunk.data[found.start : found.stop]
        assert found.chunk.text[found.start : found.stop] == rows.decode("latin-1")
        return found.pos, found.end, found.serial, shape.table.body, shape.op, shape.before, shape.after, rows
    return type(found), repr(found)


@pytest.mark.parametrize("name", FILES)
def test_each_event_begins_where_the_one_before_ends(name: str) -> None:
    events = decoded(name)
    assert isinstance(events[-1], Rotate)
    assert events[-1].end == sum(map(len, recorded(name))) + 4
    for one, other in pairwise(events):
        same_payload = (one.pos, one.end) == (other.pos, other.end)
        between = other.pos - one.end  # a table map is in between, and no event of its own
        assert same_payload or between == 0 or isinstance(other, Rows)


@settings(max_examples=30)
@given(st.sampled_from(FILES), st.lists(st.integers(1, 700), min_size=1, max_size=9))
def test_wherever_the_bytes_are_cut_the_events_are_the_same(name: str, sizes: list[int]) -> None:
    data, decoder, found, at, turn = stream(recorded(name)), EventDecoder(name), [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        found += decoder.decode(data[at : at + size])
        at, turn = at + size, turn + 1
    assert [summary(one) for one in found] == [summary(one) for one in decoded(name)]


@pytest.mark.parametrize("name", ["mysql80-full.bin", "mariadb1011-full.bin", "mariadb114-full.bin"])
def test_a_table_map_with_full_metadata(name: str) -> None:
    table = rows_of(name)[0].shape.table
    columns = {column.name: column for column in table.columns}
    assert (table.database, table.table, table.width) == ("shop", "kinds", len(columns))
    assert [part.column for part in table.primary_key or ()] == [0]
    assert (columns["id"].type, columns["id"].unsigned, columns["id"].nullable) == (3, True, False)
    assert (columns["t"].unsigned, columns["t"].nullable) == (False, True)
    assert columns["n"].metadata == 12 << 8 | 3
    assert (columns["v"].type, columns["v"].metadata, columns["v"].collation) == (15, 20, 8)
    assert (columns["c"].type, columns["c"].metadata) == (254, 800)
    assert (columns["x"].collation, columns["bl"].collation) == (63, 63)
    assert (columns["e"].type, columns["e"].members) == (247, (b"a", "é".encode()))
    assert (columns["s"].type, columns["s"].members) == (248, (b"p", b"q", b"r"))
    assert (columns["bi"].type, columns["bi"].metadata) == (16, 11)
    assert [columns[c].metadata for c in ("dt", "ti", "ts")] == [3, 1, 6]
    assert columns["g"].geometry == 1


def test_types_of_mariadb_alone() -> None:
    columns = {column.name: column for column in rows_of("mariadb1011-full.bin")[0].shape.table.columns}
    assert [(columns[c].type, columns[c].metadata) for c in ("zc", "zv")] == [(140, 2), (141, 401)]
    assert [columns[c].metadata for c in ("u", "i4", "i6")] == [16, 4, 16]


def test_a_prefix_in_a_key_and_vectors() -> None:
    pairs = [rows for rows in rows_of("mysql80-full.bin") if rows.shape.table.table == "pairs"]
    assert [(part.column, part.prefix) for part in pairs[0].shape.table.primary_key or ()] == [(0, 0), (1, 4)]
    (vector,) = {rows.shape.table for rows in rows_of("mysql97-tagged.bin") if rows.shape.table.table == "v"}
    assert (vector.columns[1].type, vector.columns[1].dimension) == (242, 3)


def test_without_metadata_there_are_types_and_nothing_else() -> None:
    table = rows_of("mysql80-minimal.bin")[0].shape.table
    assert [(column.type, column.name) for column in table.columns] == [(3, None), (15, None), (245, None)]
    assert table.primary_key is None


def test_events_that_are_laid_out_alike_share_their_shape() -> None:
    shapes = [rows.shape for rows in rows_of("mysql80-full.bin") if rows.shape.table.table == "kinds"]
    inserts = {shape for shape in shapes if shape.op == "c"}
    assert len(inserts) == 1
    assert len(shapes) > len(set(shapes)) == 3


def test_short_images_say_which_columns_they_have() -> None:
    insert, update, delete = (rows.shape for rows in rows_of("mysql80-minimal.bin"))
    assert insert.before is None
    assert delete.after is None
    assert (update.before or b"")[0] & 7 == 1
    assert (update.after or b"")[0] & 7 == 2
    assert (delete.before or b"")[0] & 7 == 1


def test_partial_json_is_marked() -> None:
    assert [rows.shape.partial for rows in rows_of("mysql80-partial-json.bin")][-1]


@pytest.mark.parametrize("name", ["mysql80-payload.bin", "mariadb1011-compressed.bin"])
def test_compressed_rows_come_out_whole(name: str) -> None:
    rows = b"".join(found.chunk.data[found.start : found.stop] for found in rows_of(name))
    assert rows.count(b"\x03row") == 391
    assert decoded(name)[-1].pos < len(rows) / 3


def test_tagged_gtids() -> None:
    gtids = [found.gtid for found in decoded("mysql97-tagged.bin") if isinstance(found, GtidEvent)]
    uuid = "d44cdb05-e5b9-11f1-8eff-02fc00000001"
    tagged = [f"{uuid}:nightly:1", f"{uuid}:nightly:2"]
    assert gtids == [*(f"{uuid}:{n}" for n in range(1, 9)), *tagged, f"{uuid}:9"]
    commits = [
        found.original_commit_us for found in decoded("mysql97-tagged.bin") if isinstance(found, GtidEvent)
    ]
    assert commits == sorted(commits)
    assert commits[0] > 1_700_000_000_000_000


def test_previous_gtids_of_both() -> None:
    before = [next(e for e in decoded(name) if isinstance(e, GtidSetEvent)) for name in FILES]
    by_file = {name: event.gtids for name, event in zip(FILES, before, strict=True)}
    assert by_file["mysql80-payload.bin"].count(":1-") == 1
    assert by_file["mysql97-tagged.bin"] == ""
    assert by_file["mariadb1011-nocrc.bin"].startswith("0-")


def test_statements_with_their_context() -> None:
    queries = [found for found in decoded("mysql80-full.bin") if isinstance(found, Query)]
    (latin,) = [query for query in queries if query.sql.startswith("alter table pairs comment")]
    (ansi,) = [query for query in queries if query.sql.startswith("alter table pairs add")]
    assert latin.sql == "alter table pairs comment 'café'"
    assert latin.collation == 8
    assert ansi.sql == 'alter table pairs add column "d ä" int'
    assert ansi.sql_mode == 4
    assert {query.database for query in queries} == {"shop"}


@pytest.mark.parametrize("name", ["mysql80-full.bin", "mariadb1011-full.bin", "mariadb114-full.bin"])
def test_xa_and_the_statements_behind_rows(name: str) -> None:
    events = decoded(name)
    prepared = [found.xid for found in events if isinstance(found, XaPrepare) and not found.one_phase]
    assert prepared == ["X'676f6e65',X'62',7", "X'6b657074',X'',1"]
    assert any(isinstance(e, RowsQuery) and e.text == "delete from kinds where id=3" for e in events)
    assert any(isinstance(e, Xid) for e in events)


# -- by hand ---------------------------------------------------------------------------------


def test_a_wrong_checksum_is_told_with_file_and_position() -> None:
    events = recorded("mysql80-full.bin")
    broken = events[3][:-9] + b"?" + events[3][-8:]
    with pytest.raises(
        UnreadableEvent, match=r"QUERY \(2\) event at position 274 of binlog\.x: its checksum"
    ):
        list(EventDecoder("binlog.x").decode(stream([*events[:3], broken])))


def test_packets_of_sixteen_megabytes_go_on_in_the_next() -> None:
    text = b"x" * (20 << 20)
    (query, xid) = by_hand(event(Kind.ROWS_QUERY, b"\0" + text), event(Kind.XID, struct.pack("<Q", 7)))
    assert isinstance(query, RowsQuery)
    assert len(query.text) == len(text)
    assert isinstance(xid, Xid)
    exact = b"y" * (0xFFFFFF - 21)
    (query,) = by_hand(event(Kind.ROWS_QUERY, b"\0" + exact))
    assert isinstance(query, RowsQuery)
    assert len(query.text) == len(exact)


def test_a_large_event_is_put_together_once() -> None:
    data = stream([PLAIN, event(Kind.ROWS_QUERY, b"\0" + b"x" * (20 << 20))])
    decoder, found = EventDecoder("hand"), []
    for at in range(0, len(data), 65536):
        found += decoder.decode(data[at : at + 65536])
    assert len(found) == 2


def test_positions_beyond_four_gigabytes_go_on() -> None:
    xid = struct.pack("<Q", 1)
    one, other = by_hand(event(Kind.XID, xid, log_pos=0xFFFFFFF0), event(Kind.XID, xid, log_pos=0x10))
    assert other.end == one.end + 0x20
    assert other.end > 1 << 32


def test_unknown_events() -> None:
    (ignored,) = by_hand(event(99, b"?", flags=0x80))
    assert isinstance(ignored, Ignored)
    with pytest.raises(UnreadableEvent, match=r"unknown \(type 99\) event at position 980 of hand\.000001"):
        by_hand(event(99, b"?"))


def test_rows_of_a_table_that_was_not_introduced() -> None:
    with pytest.raises(UnreadableEvent, match="no table map tells what the table 7 is"):
        by_hand(event(Kind.WRITE_ROWS, (7).to_bytes(6, "little") + b"\0\0\2\0\1\1\0"))
    (end,) = by_hand(event(Kind.WRITE_ROWS, b"\xff\xff\xff\0\0\0\1\0\2\0\0"))
    assert isinstance(end, Ignored)


def test_an_odd_table_does_no_harm_until_somebody_asks() -> None:
    body = (5).to_bytes(6, "little") + b"\1\0\2db\0\1t\0\1\x14\0\1"
    rows = (5).to_bytes(6, "little") + b"\0\0\2\0\1\1\0\0"
    (found,) = by_hand(event(Kind.TABLE_MAP, body, log_pos=500), event(Kind.WRITE_ROWS, rows))
    assert isinstance(found, Rows)
    with pytest.raises(UnreadableEvent, match=r"db\.t TABLE_MAP .* hand\.000001: .*unknown type 20"):
        found.shape.table.columns  # noqa: B018


def test_what_the_server_makes_up() -> None:
    rotate = event(Kind.ROTATE, struct.pack("<Q", 4) + b"binlog.000007", log_pos=0, flags=0x20)
    beat = event(Kind.HEARTBEAT, b"binlog.000007", log_pos=1234)
    second = event(Kind.HEARTBEAT_V2, b"\1\x0dbinlog.000007\2\3\xfc\x39\x30\0")
    first, idle, newer = by_hand(rotate, beat, second)
    assert isinstance(first, Rotate)
    assert (first.file, first.position, first.artificial) == ("binlog.000007", 4, True)
    assert isinstance(idle, Heartbeat)
    assert (idle.file, idle.end) == ("binlog.000007", 1234)
    assert isinstance(newer, Heartbeat)
    assert (newer.file, newer.end) == ("binlog.000007", 12345)


def test_incidents_and_statements_in_parts() -> None:
    incident, variable = by_hand(event(Kind.INCIDENT, b"\1\0\4lost"), event(Kind.INTVAR, b"\2" + bytes(8)))
    assert isinstance(incident, Incident)
    assert incident.message == "lost"
    assert isinstance(variable, StatementContext)
    assert variable.kind == "INTVAR (5)"


def test_the_end_and_errors_come_as_packets() -> None:
    error = b"\xff" + struct.pack("<H", 1236) + b"#HY000purged"
    refused = len(error).to_bytes(3, "little") + b"\1" + error
    with pytest.raises(RefusedByServer, match="purged") as raised:
        list(EventDecoder().decode(packet(PLAIN) + refused))
    assert raised.value.code == 1236
    with pytest.raises(EndOfDump):
        list(EventDecoder().decode(packet(PLAIN) + b"\5\0\0\1\xfe\0\0\2\0"))
