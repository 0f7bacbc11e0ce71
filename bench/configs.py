"""Connector configs: ours and Debezium's, which have the same names."""

from __future__ import annotations

from collections.abc import Mapping

from bench.load import PUBLICATION, SNAPSHOT_PUBLICATION
from tests.servers.postgres import Connectable

POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
JDBC_SINK = "io.debezium.connector.jdbc.JdbcSinkConnector"

WITHOUT_SCHEMA = {"key.converter.schemas.enable": "false", "value.converter.schemas.enable": "false"}
JSON = {
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}


def _database(database: Connectable) -> dict[str, str]:
    return {
        "connector.class": POSTGRES,
        "database.hostname": database.host,
        "database.port": str(database.port),
        "database.user": "postgres",
        "database.password": "postgres",
        "database.dbname": database.name,
        "plugin.name": "pgoutput",
    }


def stream_source(database: Connectable, name: str, **more: str) -> dict[str, str]:
    """Return a source that reads the backlog through the slot `name`."""
    return {
        "name": name,
        **_database(database),
        "topic.prefix": name,
        "slot.name": name,
        "publication.name": PUBLICATION,
        "publication.autocreate.mode": "disabled",
        "table.include.list": "public.changes",
        "snapshot.mode": "no_data",
        "tombstones.on.delete": "false",
        **WITHOUT_SCHEMA,
        **dotted(more),
    }


def snapshot_source(database: Connectable, name: str, **more: str) -> dict[str, str]:
    """Return a source that reads the table `snap` and nothing else."""
    return {
        "name": name,
        **_database(database),
        "topic.prefix": name,
        "slot.name": name,
        "publication.name": SNAPSHOT_PUBLICATION,
        "publication.autocreate.mode": "disabled",
        "table.include.list": "public.snap",
        "snapshot.mode": "initial_only",
        **WITHOUT_SCHEMA,
        **dotted(more),
    }


def table_source(database: Connectable, name: str, table: str, **more: str) -> dict[str, str]:
    """Return a source with everything by default: snapshot, then stream, of one table."""
    return {
        "name": name,
        **_database(database),
        "topic.prefix": name,
        "slot.name": name,
        "publication.name": name,
        "table.include.list": f"public.{table}",
        **dotted(more),
    }


def jdbc_sink(target: Connectable, name: str, topic: str, **more: str) -> dict[str, str]:
    """Return our sink, by default settings: upserts where records have a key."""
    return {
        "name": name,
        "connector.class": "jdbc",
        "topics": topic,
        "connection.url": f"jdbc:postgresql://{target.host}:{target.port}/{target.name}",
        "connection.username": "postgres",
        "connection.password": "postgres",
        **dotted(more),
    }


def debezium_jdbc_sink(target: Connectable, name: str, topic: str, more: Mapping[str, str]) -> dict[str, str]:
    """Return Debezium's sink, told to do what ours does by itself."""
    return {
        **jdbc_sink(target, name, topic),
        "connector.class": JDBC_SINK,
        "tasks.max": "1",
        "insert.mode": "upsert",
        "delete.enabled": "true",
        "primary.key.mode": "record_key",
        "schema.evolution": "basic",
        **JSON,
        "key.converter.schemas.enable": "true",
        "value.converter.schemas.enable": "true",
        **more,
    }


def dotted(more: Mapping[str, str]) -> dict[str, str]:
    """Return keyword arguments as options: two underscores stand for a dot."""
    return {name.replace("__", "."): value for name, value in more.items()}
