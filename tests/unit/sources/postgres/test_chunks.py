"""The statements of chunks: any name and any key is data, never SQL."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cdc.sources.postgres.chunks import select_statement


def table(kind: str = "r") -> Any:
    return SimpleNamespace(
        catalog=SimpleNamespace(schema="s", name='t"; drop', kind=kind),
        selected=("a", 'b"'),
        key=(("a", "integer"), ('b"', 'text COLLATE "x"')),
    )


def test_open_and_closed_ranges() -> None:
    whole = 'SELECT "a", "b""" FROM ONLY "s"."t""; drop"'
    assert select_statement(table(), None, None, None) == whole
    first = select_statement(table(), None, None, ("1", "x"))
    assert first.endswith('WHERE ROW("a", "b""") <= ROW( E\'1\'::integer,  E\'x\'::text COLLATE "x")')
    middle = select_statement(table(), None, ("1", "x"), ("2", "y"))
    assert middle.index("> ROW") < middle.index(" AND ") < middle.index("<= ROW")


def test_keys_are_escaped() -> None:
    statement = select_statement(table(), None, ("1", "it's \\ here"), None)
    assert "E'it''s \\\\ here'" in statement


def test_partitioned_tables_are_read_with_their_partitions() -> None:
    assert "ONLY" not in select_statement(table("p"), None, None, None)


def test_override() -> None:
    statement = select_statement(table(), "select * from t; ", None, None)
    assert statement == 'SELECT "a", "b""" FROM (select * from t) AS overridden'
