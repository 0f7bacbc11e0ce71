"""Finding plugins by name: what is found, and what a process need not import for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cdc.errors import PluginNotFound
from cdc.plugin import PluginKind, available, find, find_connector

POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
JDBC = "io.debezium.connector.jdbc.JdbcSinkConnector"


def imported(call: str) -> set[str]:
    """Return the plugins' packages that a fresh process has imported after a call."""
    code = f"import sys; from cdc.plugin import *; {call}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    parents = ("cdc.sources.", "sinks.", "cdc.formats.", "cdc.transport.")
    return {
        ".".join(name.split(".")[: parent.count(".") + 1])
        for name in done.stdout.split()
        for parent in parents
        if name.startswith(parent)
    }


@pytest.mark.parametrize(
    ("call", "alone"),
    [
        (f"find(PluginKind.SOURCE, '{POSTGRES}')", "cdc.sources.postgres"),
        ("find(PluginKind.SOURCE, 'postgres')", "cdc.sources.postgres"),
        (
            "find(PluginKind.SOURCE, 'io.debezium.connector.mongodb.MongoDbConnector')",
            "cdc.sources.mongodb",
        ),
        (f"find_connector('{POSTGRES}')", "cdc.sources.postgres"),
        (f"find_connector('{JDBC}')", "sinks.jdbc"),
        ("find(PluginKind.FORMAT, 'org.apache.kafka.connect.json.JsonConverter')", "cdc.formats.json"),
        ("find(PluginKind.LOG, 'kafka')", "cdc.transport.kafka"),
    ],
)
def test_a_process_holds_the_code_of_its_own_plugin_alone(call: str, alone: str) -> None:
    assert imported(call) == {alone}


@pytest.mark.parametrize("kind", list(PluginKind))
def test_every_plugin_answers_to_all_of_its_names(kind: PluginKind) -> None:
    for plugin in available(kind):
        for name in (plugin.name, *plugin.java_classes):
            assert find(kind, name) is plugin


def test_a_fresh_process_finds_a_plugin_whose_module_is_called_otherwise() -> None:
    loaded = imported("find_connector('io.debezium.connector.mariadb.MariaDbConnector')")
    assert "cdc.sources.mysql" in loaded


def test_simple_names_are_aliases() -> None:
    assert find(PluginKind.SOURCE, "PostgresConnector").name == "postgres"
    assert find_connector("JdbcSink").name == "jdbc"


def test_an_unknown_name_tells_those_there_are() -> None:
    with pytest.raises(PluginNotFound) as raised:
        find(PluginKind.SOURCE, "postgre")
    assert "postgres" in (raised.value.hint or "")
