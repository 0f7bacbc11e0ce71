"""The servers of a run, started when the first measure asks, and its parameters."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from bench import baseline, binlog_load, load, mongo_load
from bench.binlog_origin import BinlogOrigin
from bench.mongo_origin import MongoOrigin
from bench.postgres_origin import PostgresOrigin
from bench.watch import KafkaTopics
from tests.servers.connect import ConnectWorker
from tests.servers.kafka import KafkaBroker
from tests.servers.mariadb import MariaDBServer
from tests.servers.mongodb import MongoServer
from tests.servers.mysql import MySQLServer
from tests.servers.postgres import PostgresServer

POSTGRES_VERSION = 17


@dataclass
class Stage:
    """One run of the bench: everything that it starts ends with `close`."""

    rows: int
    pairs: int
    debezium: bool
    _stack: ExitStack = field(default_factory=ExitStack)
    _serial: count[int] = field(default_factory=lambda: count(1))

    def say(self, text: str) -> None:
        """Tell what happens."""
        print(f"  {text}", flush=True)

    def name(self, what: str) -> str:
        """Return a name that nothing else in this run has: of a connector, its slot and its topics."""
        return f"{what}{next(self._serial)}"

    @cached_property
    def postgres(self) -> PostgresServer:
        """The database."""
        self.say(f"starting PostgreSQL {POSTGRES_VERSION}")
        server = PostgresServer(POSTGRES_VERSION, settings=load.SETTINGS).start()
        self._stack.callback(server.stop)
        return server

    @cached_property
    def broker(self) -> KafkaBroker:
        """The Kafka broker."""
        self.say("starting Kafka")
        broker = KafkaBroker(lasting=True).start()
        self._stack.callback(broker.stop)
        return broker

    @cached_property
    def topics(self) -> KafkaTopics:
        """The broker's topics."""
        topics = KafkaTopics(self.broker.bootstrap)
        self._stack.callback(topics.close)
        self.say("warming Kafka up")
        topics.warm_up()
        return topics

    @cached_property
    def warm_worker(self) -> ConnectWorker:
        """The Connect worker that stays."""
        self.say("starting Kafka Connect, to be kept warm")
        worker = baseline.worker(self.broker.bootstrap).start()
        self._stack.callback(worker.stop)
        return worker

    @cached_property
    def postgres_origin(self) -> PostgresOrigin:
        """PostgreSQL, to read from."""
        return PostgresOrigin(self.postgres, self.rows, self.say)

    @cached_property
    def mysql_origin(self) -> BinlogOrigin:
        """MySQL, to read from."""
        options = {**binlog_load.SETTINGS, **binlog_load.BY_POSITION}
        return self._binlog_origin("MySQL", MySQLServer(options=options))

    @cached_property
    def mariadb_origin(self) -> BinlogOrigin:
        """MariaDB, to read from."""
        return self._binlog_origin("MariaDB", MariaDBServer(options=binlog_load.SETTINGS))

    @cached_property
    def mongo_origin(self) -> MongoOrigin:
        """MongoDB, to read from."""
        self.say("starting MongoDB")
        rows = min(self.rows, mongo_load.MOST_ROWS)
        server = MongoServer(arguments=mongo_load.arguments(rows)).start()
        self._stack.callback(server.stop)
        return MongoOrigin(server, rows, self.say)

    def _binlog_origin(self, product: str, server: MySQLServer) -> BinlogOrigin:
        self.say(f"starting {product}")
        server.start()
        self._stack.callback(server.stop)
        return BinlogOrigin(server, self.rows, self.say)

    def close(self) -> None:
        """Stop everything."""
        self._stack.close()
