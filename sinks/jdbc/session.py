"""The connection to the target, and the one border at which driver exceptions are translated."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from cdc.errors import AccessDenied, CdcError, ConnectionFailed, DriverMissing, SinkError, SinkUnavailable
from sinks.jdbc.naming import Identifiers
from sinks.jdbc.url import Target


class RowsRejected(SinkError):
    """The database refuses some of the rows, for what is in them; which ones is found by bisection.

    `code` is the database's own error code.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Failure(Protocol):
    """How a database's exceptions read: (its code, one of the words below)."""

    def __call__(self, error: Exception) -> tuple[str, str]:
        """Return the code, and `retry`, `lost`, `access` or `rows`."""
        ...


def postgres_failure(error: Exception) -> tuple[str, str]:
    """Read an exception of psycopg."""
    code = getattr(error, "sqlstate", None) or ""
    if not code:
        lost = type(error).__name__ in ("OperationalError", "InterfaceError")
        return "", "lost" if lost else "rows"
    if code[:2] == "08" or code[:3] == "57P":
        return code, "lost"
    if code in ("25006",) or code[:2] in ("40", "53", "58") or code in ("55P03", "55006", "57014"):
        return code, "retry"
    return code, "access" if code[:2] == "28" or code == "42501" else "rows"


_MYSQL_RETRY = {1205, 1213, 1040, 1021, 1114, 1290, 1836, 1203, 3024, 3572, 4031}
_MYSQL_LOST = {2002, 2003, 2006, 2013, 2014, 2055, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 0}
_MYSQL_ACCESS = {1044, 1045, 1142, 1143, 1227, 1698, 1370}


def mysql_failure(error: Exception) -> tuple[str, str]:
    """Read an exception of PyMySQL."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    if number is None:
        return "", "rows"
    for word, numbers in (("retry", _MYSQL_RETRY), ("lost", _MYSQL_LOST), ("access", _MYSQL_ACCESS)):
        if number in numbers:
            return str(number), word
    return str(number), "rows"


def sqlite_failure(error: Exception) -> tuple[str, str]:
    """Read an exception of sqlite3."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if str(error).startswith("no such table"):  # has no code of its own
        return "no such table", "rows"
    busy = code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PROTOCOL"))
    if busy:
        return code, "retry"
    return code, "access" if code.startswith(("SQLITE_AUTH", "SQLITE_PERM", "SQLITE_READONLY")) else "rows"


FAILURES: dict[str, Failure] = {
    "postgresql": postgres_failure,
    "mysql": mysql_failure,
    "mariadb": mysql_failure,
    "sqlite": sqlite_failure,
}
IDENTIFIERS = {
    "postgresql": Identifiers('"', 63, in_bytes=True),
    "mysql": Identifiers("`", 64),
    "mariadb": Identifiers("`", 64),
    "sqlite": Identifiers('"', 1000),
}
BEGIN = {"sqlite": "BEGIN IMMEDIATE"}


class Session:
    """One connection in autocommit mode; transactions are begun and ended by hand.

    `driver` is the DB-API connection. Everything that talks to the database does so inside
    `translated`, so that only this package's errors come out.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.driver: Any = None
        self._connection: Any = None
        self._failure = FAILURES[target.dialect]

    def open(self) -> None:
        """Connect. Raises ConnectionFailed or AccessDenied, and DriverMissing."""
        sqlalchemy = _sqlalchemy()
        with self.translated(connecting=True):
            url = sqlalchemy.URL.create(**self.target.connect_arguments())
            engine = sqlalchemy.create_engine(
                url,
                poolclass=sqlalchemy.pool.NullPool,
                isolation_level="AUTOCOMMIT",
                connect_args=self._connect_arguments(),
            )
            if self._failure is mysql_failure:
                sqlalchemy.event.listen(engine, "do_connect", self._connect)
            self._connection = engine.connect()
            self.driver = self._connection.connection.driver_connection

    def _connect(self, dialect: Any, record: Any, positional: Any, named: dict[str, Any]) -> Any:
        """Connect in SQLAlchemy's place, which would leave TLS to the driver."""
        return self.target.tls.connect(named)

    def _connect_arguments(self) -> dict[str, Any]:
        if self.target.dialect == "postgresql":
            given = {"connect_timeout": 10, "application_name": "cdc", "client_encoding": "UTF8"}
            return {name: value for name, value in given.items() if name not in self.target.query}
        if self.target.dialect == "sqlite":
            return {"timeout": 10, "check_same_thread": False}
        return {"charset": "utf8mb4", "connect_timeout": 10}

    def cancel(self) -> None:
        """Ask the database to stop what it is doing for another thread, where the driver can."""
        cancel = getattr(self.driver, "cancel_safe", None) or getattr(self.driver, "interrupt", None)
        if cancel is not None:
            try:
                cancel()
            except Exception:  # noqa: BLE001, S110 - it ends anyway, only later
                pass

    def close(self) -> None:
        """Drop the connection; what was not committed is gone."""
        connection, self._connection, self.driver = self._connection, None, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except Exception:  # noqa: BLE001, S110 - it may be broken already, and we leave anyway
                pass

    def cursor(self) -> Any:
        """Return a cursor of the driver; raises SinkUnavailable when the connection is gone."""
        if self.driver is None:
            raise SinkUnavailable(f"{self.target}: the connection was lost")
        return self.driver.cursor()

    def execute(self, query: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, with the driver's own placeholders, and return its rows."""
        with self.translated():
            cursor = self.cursor()
            try:
                cursor.execute(query, params) if params else cursor.execute(query)
                return list(cursor.fetchall()) if cursor.description else []
            finally:
                cursor.close()

    def changed(self, query: str, params: Sequence[Any] | None = None) -> int:
        """Run one statement and return how many rows it touched."""
        with self.translated():
            cursor = self.cursor()
            try:
                cursor.execute(query, params) if params else cursor.execute(query)
                return int(cursor.rowcount)
            finally:
                cursor.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or nothing of it."""
        self.begin()
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute(BEGIN.get(self.target.dialect, "BEGIN"))

    def roll_back(self) -> None:
        """Undo the transaction, if need be by hanging up."""
        if self.driver is None:
            return
        try:
            self.execute("ROLLBACK")
        except CdcError:
            self.close()

    def inspector(self) -> Any:
        """Return a fresh SQLAlchemy inspector of this connection."""
        return _sqlalchemy().inspect(self._connection)

    @contextmanager
    def reflecting(self) -> Iterator[Any]:
        """Give an inspector; types that SQLAlchemy does not know are no reason to warn."""
        with self.translated(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield self.inspector()

    @contextmanager
    def translated(self, *, connecting: bool = False) -> Iterator[None]:
        """Turn the driver's exceptions into ours; values that cannot be bound too."""
        try:
            yield
        except CdcError:
            raise
        except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as error:
            raise RowsRejected(f"{type(error).__name__}: {error}") from error
        except Exception as error:
            raise self._translate(getattr(error, "orig", None) or error, connecting=connecting) from error

    def _translate(self, error: Exception, *, connecting: bool) -> CdcError:
        if isinstance(error, ImportError):
            return DriverMissing(error.name or str(error), "jdbc")
        code, word = self._failure(error)
        message = f"{self.target}: {_first_line(error)}" + (f" [{code}]" if code else "")
        if word == "access" or (connecting and _is_refusal(error)):
            return AccessDenied(message, hint="check user, password and rights")
        if connecting:
            return ConnectionFailed(message, hint="check connection.url")
        if word == "lost":
            self.close()
            return SinkUnavailable(message)
        return SinkUnavailable(message) if word == "retry" else RowsRejected(message, code)


def _is_refusal(error: Exception) -> bool:
    text = str(error)
    return (
        "password authentication failed" in text or "Access denied" in text or "no pg_hba.conf entry" in text
    )


def _first_line(error: Exception) -> str:
    if error.args and isinstance(error.args[0], int) and len(error.args) > 1:
        return str(error.args[1])
    return " ".join(str(error).split("\n")[:2]).strip() or type(error).__name__


def _sqlalchemy() -> Any:
    try:
        import sqlalchemy
        import sqlalchemy.pool
    except ImportError as error:
        raise DriverMissing("sqlalchemy", "jdbc") from error
    return sqlalchemy
