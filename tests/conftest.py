"""Fixtures: real servers, one of each a session, started when a test first asks for it."""

import signal
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests.servers.connect import ConnectWorker
from tests.servers.kafka import KafkaBroker
from tests.servers.mariadb import MariaDBServer
from tests.servers.mongodb import MongoServer
from tests.servers.mysql import MySQLServer
from tests.servers.mysql_sid import NewMySQLServer
from tests.servers.policy import Unavailable, require
from tests.servers.postgres import Database, PostgresServer
from tests.sharing import ByFolder

PostgresOf = Callable[[int], PostgresServer]

settings.register_profile("cdc", deadline=None)  # a time on the wall says nothing where servers run beside
settings.load_profile("cdc")


# A shell that starts the tests in the background has them ignore Ctrl-C, and so would all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    """Share the tests among processes as `tests.sharing` says."""
    return ByFolder(config, log)


@pytest.fixture(scope="session")
def postgres_of() -> Iterator[PostgresOf]:
    """Return the PostgreSQL server of a version; brings one back that a test left dead."""
    servers: dict[int, PostgresServer] = {}

    def server(version: int) -> PostgresServer:
        with require(f"postgres{version}"):
            if version not in servers:
                servers[version] = PostgresServer(version)
            if not servers[version].alive:
                servers[version].start()
        return servers[version]

    yield server
    for started in servers.values():
        started.stop()


@pytest.fixture(scope="session")
def postgres_version(request: pytest.FixtureRequest) -> int:
    """Return 17, or what `@every_postgres` (or any indirect parametrisation) says."""
    return int(getattr(request, "param", 17))


@pytest.fixture
def postgres(postgres_of: PostgresOf, postgres_version: int) -> PostgresServer:
    """Return a running PostgreSQL with `wal_level=logical`; tests share it, see `database`."""
    return postgres_of(postgres_version)


@pytest.fixture
def postgres17(postgres_of: PostgresOf) -> PostgresServer:
    """Return a running PostgreSQL 17."""
    return postgres_of(17)


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    """Return a database of its own for this test, dropped with its slots afterwards."""
    created = postgres.create_database()
    yield created
    created.drop()


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[KafkaBroker]:
    """Return the session's broker, dead or alive."""
    with require("kafka"):
        broker = KafkaBroker(secure=True)
    yield broker
    broker.kill()


@pytest.fixture
def kafka(kafka_broker: KafkaBroker) -> KafkaBroker:
    """Return a running Kafka broker with plain and secure listeners; tests share it."""
    with require("kafka"):
        if not kafka_broker.alive:
            kafka_broker.start()
    return kafka_broker


@pytest.fixture(scope="session")
def connect_worker() -> Iterator[list[ConnectWorker]]:
    """Hold the session's Connect worker, once there is one."""
    workers: list[ConnectWorker] = []
    yield workers
    for worker in workers:
        worker.kill()


@pytest.fixture
def connect(kafka: KafkaBroker, connect_worker: list[ConnectWorker]) -> ConnectWorker:
    """Return a running Kafka Connect worker with Debezium, on the broker of `kafka`."""
    with require("connect"):
        if not connect_worker:
            connect_worker.append(ConnectWorker(kafka.bootstrap))
        if not connect_worker[0].alive:
            connect_worker[0].start()
    return connect_worker[0]


@pytest.fixture(scope="session")
def mysql() -> Iterator[MySQLServer]:
    """Return a running MySQL 8; tests share it, see `MySQLServer.create_database`."""
    with require("mysql"):
        server = MySQLServer().start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MySQLServer]:
    """Return a running MariaDB; tests share it, see `MySQLServer.create_database`."""
    with require("mariadb"):
        server = MariaDBServer().start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def mariadb11() -> Iterator[MySQLServer]:
    """Return a running MariaDB 11.4; tests share it."""
    with require("mariadb11"):
        server = MariaDBServer("11.4").start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def mysql9() -> Iterator[MySQLServer]:
    """Return a running MySQL 9; tests share it. Nobody can count on it (see `NewMySQLServer`)."""
    try:
        server = NewMySQLServer().start()
    except Unavailable as error:
        pytest.skip(f"mysql9: {error}")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[MongoServer]:
    """Return the session's MongoDB, dead or alive."""
    with require("mongodb"):
        server = MongoServer()
    yield server
    server.kill()


@pytest.fixture
def mongodb(mongo_server: MongoServer) -> MongoServer:
    """Return a running MongoDB; tests share it, see `MongoServer.database_name`."""
    with require("mongodb"):
        if not mongo_server.alive:
            mongo_server.start()
    return mongo_server
