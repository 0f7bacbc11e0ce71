"""Options of the source: what is parsed, what is refused, what is warned about."""

from __future__ import annotations

import pytest

from cdc.errors import ConfigError
from cdc.sources.postgres.config import PostgresConfig

BASE = {
    "topic.prefix": "p",
    "database.hostname": "h",
    "database.user": "u",
    "database.password": "secret",
    "database.dbname": "d",
}


def config(**options: str) -> PostgresConfig:
    return PostgresConfig(BASE | {name.replace("_", "."): value for name, value in options.items()})


def test_defaults_are_debeziums() -> None:
    found = config()
    assert (found.port, found.slot_name, found.publication_name) == (5432, "debezium", "dbz_publication")
    assert (found.snapshot_mode, found.skipped_operations) == ("initial", frozenset("t"))
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("slot.name", "Upper"),
        ("topic.prefix", "a b"),
        ("table.include.list", "public.("),
        ("message.key.columns", "public.t"),
        ("skipped.operations", "x"),
        ("slot.stream.params", "a"),
        ("slot.stream.params", "binary=true"),
        ("snapshot.chunk.size.mb", "0"),
        ("snapshot.mode", "custom-made"),
        ("snapshot.select.statement.overrides", "s.t"),
    ],
)
def test_refused(option: str, value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        PostgresConfig(BASE | {option: value})
    assert option in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("kind", ["schema", "table", "column", "message.prefix"])
def test_include_and_exclude_are_exclusive(kind: str) -> None:
    with pytest.raises(ConfigError, match="already specified"):
        PostgresConfig(BASE | {f"{kind}.include.list": "a", f"{kind}.exclude.list": "b"})


@pytest.mark.parametrize(
    ("old", "new"), [("never", "no_data"), ("schema_only", "no_data"), ("exported", "initial")]
)
def test_old_names(old: str, new: str) -> None:
    found = config(snapshot_mode=old)
    assert found.snapshot_mode == new
    assert [warned.option for warned in found.warnings] == ["snapshot.mode"]


def test_parsed_lists() -> None:
    found = config(message_key_columns="(.*).t:a, b; s.u:c", slot_stream_params="messages=true; origin = any")
    assert [columns for _, columns in found.message_key_columns] == [("a", "b"), ("c",)]
    assert dict(found.slot_stream_params) == {"messages": "true", "origin": "any"}
