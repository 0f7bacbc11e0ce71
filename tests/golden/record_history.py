"""Record schema histories and schema-change topics of real Debezium: `python -m tests.golden.record_history`.

Runs Debezium on Kafka Connect, against MySQL 8.0 (connector 3.6.3) and MariaDB 10.11 (connector 3.5.0), over
the statements in `history/*.sql` (one a line), and writes the very bytes: see `history/README.md`.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pymysql
from confluent_kafka import Consumer, TopicPartition

from tests.servers.connect import ConnectWorker
from tests.servers.kafka import KafkaBroker
from tests.servers.mariadb import MariaDBServer
from tests.servers.maven import jar_folder
from tests.servers.mysql import PASSWORD, USER, MySQLServer

FOLDER = Path(__file__).with_name("history")
_END = "create table sentinel (id int primary key)"
_FILE = "io.debezium.storage.file.history.FileSchemaHistory"
_JSON = "org.apache.kafka.connect.json.JsonConverter"
_PRODUCTS = {
    "mysql": (MySQLServer, "io.debezium.connector.mysql.MySqlConnector", "disabled"),
    "mariadb": (MariaDBServer, "io.debezium.connector.mariadb.MariaDbConnector", "disable"),
}
_MARIADB_PLUGIN = "io.debezium:debezium-connector-mariadb:3.5.0.Final"
_FEW = 6
"""What is kept where every record says the same again: schemas, and the layout of a file."""


def main() -> int:
    """Record both products."""
    for product in _PRODUCTS:
        _record(product)
    return 0


def _record(product: str) -> None:
    kafka = KafkaBroker().start()
    worker = ConnectWorker(kafka.bootstrap)
    if product == "mariadb":
        plugin = jar_folder("debezium-mariadb-3.5.0", [_MARIADB_PLUGIN], without="", without_groups="")
        (worker.folder / "plugins" / product).symlink_to(plugin)
    server = _PRODUCTS[product][0]().start()
    try:
        worker.start()
        _Recording(product, kafka, worker, server).run()
    finally:
        for started in (worker, server, kafka):
            started.stop()


class _Recording:
    def __init__(self, product: str, kafka: KafkaBroker, worker: ConnectWorker, server: MySQLServer) -> None:
        self._product, self._kafka, self._worker, self._server = product, kafka, worker, server
        self._file = worker.folder / "history.dat"
        schemas = {f"{part}.converter": _JSON for part in ("key", "value")}
        schemas |= {f"{part}.converter.schemas.enable": "true" for part in ("key", "value")}
        self._cases = {
            "plain": {},
            "schema": schemas,
            "comments": {"include.schema.comments": "true"},
            "file": {
                "schema.history.internal": _FILE,
                "schema.history.internal.file.filename": str(self._file),
            },
        }

    def run(self) -> None:
        """Make the tables, snapshot them, change them, and keep what Debezium said."""
        self._execute(_statements("setup"))
        for number, case in enumerate(self._cases):
            self._worker.create(case, self._config(case, 9000 + number))
            self._wait(case, "CREATE TABLE `uniq`")
        # The last record of a snapshot comes before the binlog is read.
        time.sleep(5)
        self._execute([*_statements("stream"), *_statements(self._product), _END])
        for case in self._cases:
            self._wait(case, _END)
        self._write("history", self._topic("history-plain"))
        commented = [record for record in self._topic("history-comments") if "TABLE `plain`" in record[1]]
        self._write("history_comments", commented)
        self._write("history_file", [(None, line) for line in self._file.read_text().splitlines()][-_FEW:])
        self._write("changes", self._topic("comments"))
        self._write("changes_schema", self._topic("schema")[-_FEW:])

    def _config(self, case: str, server_id: int) -> dict[str, str]:
        _, connector, tls = _PRODUCTS[self._product]
        return {
            "connector.class": connector,
            "database.hostname": self._server.host,
            "database.port": str(self._server.port),
            "database.user": USER,
            "database.password": PASSWORD,
            "database.server.id": str(server_id),
            "database.ssl.mode": tls,
            "database.include.list": "inv",
            "topic.prefix": case,
            "schema.history.internal.kafka.topic": f"history-{case}",
            "schema.history.internal.kafka.bootstrap.servers": self._kafka.bootstrap,
            "poll.interval.ms": "50",
            "errors.max.retries": "0",
            **self._cases[case],
        }

    def _execute(self, statements: Sequence[str]) -> None:
        with self._server.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                try:
                    cursor.execute(statement)
                except pymysql.MySQLError as error:
                    raise RuntimeError(f"{self._product}: {statement}: {error}") from error

    def _wait(self, case: str, text: str) -> None:
        deadline = time.monotonic() + 60
        while not any(text in (value or "") for _, value in self._topic(case)):
            self._worker.is_running(case)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{case}: no {text}\n{self._worker.log[-3000:]}")
            time.sleep(0.3)

    def _topic(self, topic: str) -> list[tuple[str | None, str]]:
        return list(_records(self._kafka.bootstrap, topic))

    def _write(self, name: str, records: Sequence[tuple[str | None, str]]) -> None:
        path = FOLDER / f"{self._product}_{name}.jsonl"
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        print(f"{path.name}: {len(lines)} records", flush=True)


def _statements(name: str) -> list[str]:
    return [line for line in (FOLDER / f"{name}.sql").read_text("utf-8").splitlines() if line]


def _records(bootstrap: str, topic: str) -> Iterator[tuple[str | None, str]]:
    settings = {"bootstrap.servers": bootstrap, "group.id": "recorder", "enable.partition.eof": True}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        while (message := consumer.poll(10)) is not None and message.error() is None:
            key = message.key()
            yield (None if key is None else key.decode(), message.value().decode())
    finally:
        consumer.close()


if __name__ == "__main__":
    sys.exit(main())
