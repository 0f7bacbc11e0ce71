"""Record anew what servers and Debezium make of the DDL corpus: `python -m tests.golden.mysql_ddl.record`.

Each script runs on MySQL 8.0 and MariaDB; what the server takes goes through Debezium's own parser:
3.6.3's for MySQL, 3.5.0's for MariaDB (the newest that can be had).
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from tests.golden.mysql_ddl.corpus import DATABASE, RECORDED, SERVER_CHARSETS, Statement, scripts
from tests.golden.targets import TARGETS
from tests.servers import java
from tests.servers.mariadb import MariaDBServer
from tests.servers.mysql import MySQLServer

_PARSER = "io.debezium.connector.{}.antlr.{}AntlrDdlParser"
_REGISTRY = "io.debezium.connector.{}.charset.{}CharsetRegistry"
_CLASSES = {"mysql": ("mysql", "MySql"), "mariadb": ("mariadb", "MariaDb")}
MODES = {
    "ansi_quotes": "sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')",
    "no_backslash_escapes": "sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
    "real_as_float": "sql_mode = concat(@@sql_mode, ',REAL_AS_FLOAT')",
    "oracle": "sql_mode = 'ORACLE'",
    "explicit_defaults_off": "explicit_defaults_for_timestamp = OFF",
}


class ServerSession:
    """One session on a server, in which the statements of a script run."""

    def __init__(self, server: MySQLServer) -> None:
        self.connection = server.connect(client_flag=CLIENT.MULTI_STATEMENTS, read_timeout=20)
        for database in (DATABASE, "other", "oth-er", "inherits"):
            self.run(f"DROP DATABASE IF EXISTS `{database}`")
        self.run(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        self.run(f"USE {DATABASE}")

    def take(self, statement: Statement) -> str | None:
        """Run a statement in its modes; return the error of a server that refuses it."""
        try:
            self.run("SET @modes = @@sql_mode")
            for mode in sorted(statement.modes):
                self.run(f"SET {MODES[mode]}")
            self.run(statement.sql)
        except (pymysql.MySQLError, UnicodeDecodeError) as error:
            return str(error)
        finally:
            self.run("ROLLBACK; SET sql_mode = @modes, explicit_defaults_for_timestamp = ON")
        return None

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL and return the rows of its last result."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            rows = list(cursor.fetchall())
            while cursor.nextset():
                rows = list(cursor.fetchall())
        return rows

    @property
    def database(self) -> str:
        """Return the session's default database, empty when it has none."""
        return self.run("SELECT database()")[0][0] or ""


class Oracle:
    """Debezium's parser for one product."""

    def __init__(self, product: str) -> None:
        source = str(Path(__file__).with_name("Oracle.java"))
        names = [pattern.format(*_CLASSES[product]) for pattern in (_PARSER, _REGISTRY)]
        self._process = subprocess.Popen(
            java.command(TARGETS[product].libraries(), source, *names, heap="384m"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def ask(self, sql: str, database: str, *, reset: bool) -> dict[str, Any]:
        """Parse a statement on top of those before, or of none after a reset."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"reset": reset, "database": database, "sql": sql}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the parser."""
        self._process.communicate()


def record(server: MySQLServer) -> Iterator[dict[str, Any]]:
    """Run the corpus on a server and yield the lines of its recording."""
    oracle = Oracle(server.name)
    for statements in scripts().values():
        session = ServerSession(server)
        oracle.ask(f"SET character_set_server={SERVER_CHARSETS[server.name]}", "", reset=True)
        oracle.ask(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4", DATABASE, reset=False)
        for statement in statements:
            database = session.database
            refused = None if "unrun" in statement.modes else session.take(statement)
            seen = {} if refused else oracle.ask(statement.sql, database, reset=False)
            yield {"name": statement.name, "refused": refused, **seen}
        session.connection.close()
    oracle.close()


def main() -> None:
    """Write both recordings."""
    RECORDED.mkdir(exist_ok=True)
    for server in (MySQLServer(), MariaDBServer()):
        server.start()
        try:
            lines = [json.dumps(line, ensure_ascii=False) for line in record(server)]
        finally:
            server.stop()
        (RECORDED / f"{server.name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{server.name}: {len(lines)} statements")


if __name__ == "__main__":
    main()
