"""Servers by hand.

python -m tests.servers fetch                     download everything that the tests may start
python -m tests.servers start postgres17 kafka    start, print the addresses, stop on Ctrl-C
"""

import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Protocol

from tests.servers import connect, kafka, mariadb, mongodb, mysql, mysql_sid, postgres, tls
from tests.servers.policy import Unavailable


class _Server(Protocol):
    def stop(self) -> None: ...


def _postgres(version: int, _: str) -> tuple[_Server, str]:
    server = postgres.PostgresServer(version).start()
    return server, f"{server.dsn()}  CA {server.certificates.ca}"


def _kafka(secure: bool, _: str) -> tuple[_Server, str]:
    broker = kafka.KafkaBroker(secure=secure).start()
    protocols = ["SASL_PLAINTEXT", "SSL", "SASL_SSL"] if secure else []
    others = "".join(f"  {p} {broker.address(p)}" for p in protocols)
    return broker, broker.bootstrap + others


def _connect(bootstrap: str) -> tuple[_Server, str]:
    worker = connect.ConnectWorker(bootstrap).start()
    return worker, worker.url


def _mysql(kind: Callable[[], mysql.MySQLServer], _: str) -> tuple[_Server, str]:
    server = kind().start()
    return server, server.url()


def _mongodb(_: str) -> tuple[_Server, str]:
    server = mongodb.MongoServer().start()
    return server, server.url()


_START: dict[str, Callable[[str], tuple[_Server, str]]] = {
    **{f"postgres{version}": partial(_postgres, version) for version in postgres.VERSIONS},
    "kafka": partial(_kafka, False),
    "kafka-secure": partial(_kafka, True),
    "connect": _connect,
    "mysql": partial(_mysql, mysql.MySQLServer),
    "mysql9": partial(_mysql, mysql_sid.NewMySQLServer),
    "mariadb": partial(_mysql, mariadb.MariaDBServer),
    "mariadb11": partial(_mysql, partial(mariadb.MariaDBServer, "11.4")),
    "mongodb": _mongodb,
}
_ENDS = {signal.SIGINT, signal.SIGTERM}
_FETCH: dict[str, Callable[[], object]] = {
    "certificates": tls.certificates,
    **{f"postgres{version}": partial(postgres.installation, version) for version in postgres.VERSIONS},
    "client tools": lambda: postgres.client_tool("psql"),
    "kafka": kafka.broker_class_path,
    "connect": connect.runtime,
    "debezium": connect.source_plugins,
    "debezium jdbc sink": connect.jdbc_sink_plugin,
    "mysql": mysql.installation,
    "mysql 9": mysql_sid.installation,
    "mariadb": mariadb.installation,
    "mariadb 11.4": mariadb.newer_installation,
    "mongodb": mongodb.secantus,
}


def fetch() -> int:
    """Download everything; return how much could not be had."""
    missing = 0
    for name, get in _FETCH.items():
        try:
            get()
            print(f"{name}: ready", flush=True)
        except Unavailable as error:
            missing += 1
            print(f"{name}: {error}", flush=True)
    return missing


def start(names: list[str]) -> None:
    """Start servers, print where they are, wait for Ctrl-C and stop them."""
    running = []
    try:
        for name in names:
            kind, _, parameter = name.partition("=")
            server, address = _START[kind](parameter)
            running.append(server)
            print(f"{name}: {address}", flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        signal.sigwait(_ENDS)
    finally:
        for server in reversed(running):
            server.stop()


def main(arguments: list[str]) -> int:
    """Run a command; `connect` needs the broker's address: `start connect=HOST:PORT`."""
    match arguments:
        case ["fetch"]:
            return fetch()
        case ["start", *names] if names and all(n.partition("=")[0] in _START for n in names):
            start(names)
            return 0
    print(f"{__doc__}\nServers: {', '.join(_START)} (connect=HOST:PORT)", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
