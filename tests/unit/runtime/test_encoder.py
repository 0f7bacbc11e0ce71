"""Batches become bytes, in generated code where both formats can."""

import ast

import pytest

from cdc.batch import UNAVAILABLE, RecordBatch
from cdc.errors import EncodeError
from cdc.runtime.encoder import Encoder
from cdc.runtime.headers import SimpleHeaders
from schemas import connect
from tests.fakes.changes import KEYLESS, TABLE, TextRows, changes
from tests.fakes.formats import FastFormat, ReprFormat

NEW, OLD = ("2", "new"), ("1", "old")


def encoder(form: type[ReprFormat] = FastFormat) -> Encoder:
    return Encoder(form(is_key=True), form(), SimpleHeaders())


def test_a_template_is_made_once_for_a_table_version() -> None:
    rows, one = TextRows(TABLE, [(None, NEW)]), encoder()
    for _ in range(3):
        batch = changes(("c", None, NEW))
        batch.rows = rows
        one.encode(batch)
    assert len(rows.rendered) == 3
    assert len(set(map(id, rows.rendered))) == 1


def test_the_fast_path_gives_keys_values_and_wraps() -> None:
    (encoded,) = encoder().encode(changes(("u", OLD, NEW)))
    assert encoded.keys == [b"{'id': 2}"]
    assert encoded.values == [b"('u', {'id': 1, 'name': 'old'}, {'id': 2, 'name': 'new'})"]
    assert encoded.key_wrap == encoded.value_wrap == (b"<", b">")


def test_a_table_without_a_key_has_none() -> None:
    (encoded,) = encoder().encode(changes(("c", None, NEW), table=KEYLESS))
    assert encoded.keys == [None]
    assert encoded.key_wrap == (b"", b"")


@pytest.mark.parametrize("form", [FastFormat, ReprFormat])
def test_a_delete_is_followed_by_a_tombstone_with_the_same_headers(form: type[ReprFormat]) -> None:
    batch = changes(
        ("c", None, NEW),
        ("d", OLD, None),
        ("c", None, NEW),
        ("d", NEW, None),
        headers=[("h", connect.STRING, "x")],
    )
    (encoded,) = encoder(form).encode(batch)
    assert [value is None for value in encoded.values] == [False, False, True, False, False, True]
    ids = [b"2", b"1", b"1", b"2", b"2", b"2"]
    assert encoded.keys == [b"{'id': %s}" % number for number in ids]
    assert encoded.headers == (("h", b"x"),)
    assert not encoded.row_headers


def test_no_tombstones_where_they_are_not_wanted() -> None:
    (encoded,) = encoder().encode(changes(("d", OLD, None), tombstones=False))
    assert len(encoded) == 1


@pytest.mark.parametrize("form", [FastFormat, ReprFormat])
def test_a_changed_key_tells_both_records_about_the_other(form: type[ReprFormat]) -> None:
    batch = changes(
        ("d", OLD, None),
        ("d", OLD, None),
        ("c", None, NEW),
        key_changes=[1],
        headers=[("h", connect.STRING, "x")],
    )
    (encoded,) = encoder(form).encode(batch)
    assert [value is None for value in encoded.values] == [False, True, False, True, False]
    every = [(*encoded.row_headers.get(index, ()), *encoded.headers) for index in range(5)]
    assert every[0] == every[1] == (("h", b"x"),)
    assert every[2] == every[3] == (("__debezium.newkey", b'{"id":2}'), ("h", b"x"))
    assert every[4] == (("__debezium.oldkey", b'{"id":1}'), ("h", b"x"))


def test_without_a_fast_path_envelopes_are_encoded_from_values() -> None:
    batch = changes(("u", ("1", UNAVAILABLE), ("1", None)), ts_ms=9)
    (encoded,) = encoder(ReprFormat).encode(batch)
    (value,) = encoded.values
    assert value is not None
    assert ast.literal_eval(value.decode()) == {
        "before": {"id": 1, "name": "__gone"},
        "after": {"id": 1, "name": None},
        "source": {"name": "shop", "ts_ms": 9, "lsn": 100, "seq": "[100]"},
        "transaction": None,
        "op": "u",
        "ts_ms": 7,
        "ts_us": 7000,
        "ts_ns": 7_000_000,
    }


def test_records_keep_their_own_headers_timestamps_and_partition() -> None:
    own = [[("a", None, 1)], []]
    batch = RecordBatch("t", None, connect.STRING, [None, None], ["x", "y"], own, [3, None], partition=2)
    (encoded,) = encoder().encode(batch)
    assert encoded.row_headers == {0: (("a", b"1"),)}
    assert (encoded.timestamps, encoded.partition) == ([3, None], 2)


def test_none_under_a_struct_schema_is_a_tombstone() -> None:
    schema = connect.struct("s", [("a", connect.INT32)])
    (encoded,) = encoder().encode(RecordBatch("t", None, schema, [None] * 3, [None, {"a": 1}, None]))
    assert encoded.values == [None, b"{'a': 1}", None]


def test_a_poisonous_row_raises() -> None:
    with pytest.raises(EncodeError):
        encoder().encode(changes(("c", None, ("1", "poison"))))
