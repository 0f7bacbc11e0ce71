"""The statements of chunks: any name and any key is data, never SQL."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cdc.sources.postgres.chunks import select_chunk, select_override, select_places


def table(kind: str = "r") -> Any:
    return SimpleNamespace(
        catalog=SimpleNamespace(schema="s", name='t"; drop', kind=kind),
        selected=("a", 'b"'),
        order=(("a", "integer"), ('b"', 'text COLLATE "x"')),
    )


def test_open_and_closed_ranges() -> None:
    whole = 'SELECT "a", "b""" FROM ONLY "s"."t""; drop" ORDER BY "a", "b"""'
    assert select_chunk(table(), None, None) == whole
    first = select_chunk(table(), None, ("1", "x"))
    assert 'WHERE ROW("a", "b""") <= ROW( E\'1\'::integer,  E\'x\'::text COLLATE "x") ORDER' in first
    middle = select_chunk(table(), ("1", "x"), ("2", "y"))
    assert middle.index("> ROW") < middle.index(" AND ") < middle.index("<= ROW")


def test_keys_are_escaped() -> None:
    assert "E'it''s \\\\ here'" in select_chunk(table(), ("1", "it's \\ here"), None)


def test_partitioned_tables_are_read_with_their_partitions() -> None:
    assert "ONLY" not in select_chunk(table("p"), None, None)


def test_places() -> None:
    all_of_it = 'SELECT "a", "b""" FROM ONLY s.leaf WHERE ctid > \'(0,0)\'::tid'
    assert select_places(table(), "s.leaf", "(0,0)", None) == all_of_it
    rest = select_places(table(), "s.leaf", "(7,9)", "3:5:4")
    assert rest.endswith("ctid > '(7,9)'::tid AND pg_visible_in_snapshot(xmin::text::xid8, '3:5:4')")


def test_override() -> None:
    statement = select_override(table(), "select * from t; ")
    assert statement == 'SELECT "a", "b""" FROM (select * from t) AS overridden'
