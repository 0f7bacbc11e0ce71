"""Sets of GTIDs against Python's own sets; text as servers print it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdc.errors import PositionLost
from cdc.sources.mysql.binlog.gtid_events import read_previous_gtids
from cdc.sources.mysql.gtid import MariaDbGtidSet, MySqlGtidSet, SourceFilter
from cdc.sources.mysql.gtid.start import start_set

A, B = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "4e11fa47-71ca-11e1-9e33-c80aa9429562"
HEAD = (0, 0, 0, 0, 0)

members = st.frozensets(
    st.tuples(st.sampled_from([A, B]), st.sampled_from(["", "tag", "_x"]), st.integers(1, 12))
)


def made(of: frozenset[tuple[str, str, int]]) -> MySqlGtidSet:
    found = MySqlGtidSet()
    for uuid, tag, number in of:
        found.add(f"{uuid}:{tag}:{number}" if tag else f"{uuid}:{number}")
    return found


@given(members, members)
def test_operations_are_those_of_sets(
    one: frozenset[tuple[str, str, int]], other: frozenset[tuple[str, str, int]]
) -> None:
    mine, theirs = made(one), made(other)
    assert mine | theirs == made(one | other)
    assert mine - theirs == made(one - other)
    assert mine & theirs == made(one & other)
    assert mine.contains(theirs) == (other <= one)
    assert bool(mine) == bool(one)
    assert all(mine.has(f"{u}:{t}:{n}" if t else f"{u}:{n}") == ((u, t, n) in one) for u, t, n in other)


@given(members)
def test_text_and_wire_form_read_back(of: frozenset[tuple[str, str, int]]) -> None:
    found = made(of)
    assert MySqlGtidSet.parse(str(found)) == found
    assert MySqlGtidSet.parse(read_previous_gtids(HEAD, found.encoded()).gtids) == found
    assert found.copy() == found


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("", ""),
        (f"{A}:1", f"{A}:1"),
        (f" {A.upper()} : 1-3 : 5 ,\n{B}:7", f"{A}:1-3:5,{B}:7"),
        (f"{B}:7,{A}:5:1-3", f"{A}:1-3:5,{B}:7"),
        (f"{A}:1-3:4-6:9", f"{A}:1-6:9"),
        (f"{A}:1,{A}:2", f"{A}:1-2"),
        (f"{A}:1-5:nightly:1-3:5:_b:2", f"{A}:1-5:_b:2:nightly:1-3:5"),
        (f"{A}:nightly:1,{A}:2", f"{A}:2:nightly:1"),
        (f"{A}:5-2", ""),
    ],
)
def test_reading_and_printing(text: str, printed: str) -> None:
    assert str(MySqlGtidSet.parse(text)) == printed


@pytest.mark.parametrize("text", ["x", f"{A}:1-", f"{A}:1,0-1-5", f"{A}:9tag:1"])
def test_what_is_no_set_of_mysql(text: str) -> None:
    with pytest.raises(ValueError, match="is no GTID set of MySQL"):
        MySqlGtidSet.parse(text)


def test_mariadb_keeps_the_newest_of_each_domain() -> None:
    found = MariaDbGtidSet.parse("1-2-5, 0-1-100,\n0-3-90")
    assert str(found) == "0-1-100,1-2-5"
    assert found.has("0-9-100")
    assert not found.has("0-1-101")
    assert not found.has("7-1-1")
    found.add("0-3-101")
    assert str(found) == "0-3-101,1-2-5"
    with pytest.raises(ValueError, match="is no GTID of MariaDB"):
        MariaDbGtidSet.parse(f"{A}:1")


def test_operations_of_mariadb() -> None:
    one, other = MariaDbGtidSet.parse("0-1-10,1-1-5"), MariaDbGtidSet.parse("0-2-7,2-1-1")
    assert str(one | other) == "0-1-10,1-1-5,2-1-1"
    assert str(one - other) == "0-1-10,1-1-5"
    assert str(other - one) == "2-1-1"
    assert str(one & other) == "0-2-7"
    assert one.contains(MariaDbGtidSet.parse("0-2-10"))
    assert not one.contains(other)
    assert one.copy() == one


def test_filters_by_source() -> None:
    only_a = SourceFilter(includes=[re.compile("3E11.*", re.IGNORECASE)])
    assert str(MySqlGtidSet.parse(f"{A}:1:tag:2,{B}:3").filtered(only_a)) == f"{A}:1:tag:2"
    assert only_a.wants(f"{A}:tag:2")
    assert not only_a.wants(f"{B}:1")
    not_b = SourceFilter(excludes=[re.compile(B)])
    assert not_b.wants(f"{A}:1")
    assert not not_b.wants(f"{B}:1")
    domain = SourceFilter(includes=[re.compile("0"), re.compile("1-7")])
    assert str(MariaDbGtidSet.parse("0-1-5,1-7-3,2-1-9").filtered(domain)) == "0-1-5,1-7-3"
    assert domain.wants("0-3-9")
    assert not domain.wants("1-8-1")


def test_where_reading_starts() -> None:
    parse = MySqlGtidSet.parse
    anything = SourceFilter()
    # What another source wrote that was never read is sent from its first one on.
    assert start_set(parse(f"{A}:1-5"), parse(f"{A}:1-9,{B}:1-3"), parse(""), anything) == parse(f"{A}:1-5")
    with pytest.raises(PositionLost, match=f"read before: {A}:8; it has"):
        start_set(parse(f"{A}:1-8"), parse(f"{A}:1-7"), parse(""), anything)
    with pytest.raises(PositionLost, match=f"purged transactions not yet read: {A}:6"):
        start_set(parse(f"{A}:1-5"), parse(f"{A}:1-9"), parse(f"{A}:1-6"), anything)
    only_a = SourceFilter(includes=[re.compile(A)])
    started = start_set(parse(f"{A}:1-5,{B}:1"), parse(f"{A}:1-9,{B}:4-9"), parse(f"{B}:1-8"), only_a)
    assert started == parse(f"{A}:1-5,{B}:1-8")
    # What was read of a source that is not wanted is not sent again, as far as the server knows it.
    assert start_set(parse(f"{A}:1,{B}:1-7"), parse(f"{A}:1,{B}:1-5"), parse(""), only_a) == parse(
        f"{A}:1,{B}:1-5"
    )
