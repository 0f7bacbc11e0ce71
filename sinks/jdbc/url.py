"""Connection URLs: `jdbc:` ones as Debezium and Confluent take them, and SQLAlchemy's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cdc.config import Secret
from sinks.jdbc.tls import Tls

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite",
}
_ALIASES = {"postgres": "postgresql"}
_POSTGRES_PARAMETERS = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "sslcert": "sslcert",
    "sslkey": "sslkey",
    "sslpassword": "sslpassword",
    "connectTimeout": "connect_timeout",
    "loginTimeout": "connect_timeout",
    "ApplicationName": "application_name",
    "options": "options",
    "targetServerType": "target_session_attrs",
    "channelBinding": "channel_binding",
    "gssEncMode": "gssencmode",
}
_SESSION_ATTRIBUTES = {"primary": "read-write", "master": "read-write", "secondary": "standby", "any": "any"}


_IN_AUTHORITY = re.compile(r"(//[^/@:]*):[^/@]*@")
_IN_QUERY = re.compile(r"(?i)(password=)[^&]*")


class ShownUrl(Secret):
    """A URL that prints itself without its password."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = _IN_AUTHORITY.sub(r"\1:[hidden]@", self.reveal())
        return _IN_QUERY.sub(r"\1[hidden]", shown)

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: the parts of a URL, with the password hidden.

    `query` has SQLAlchemy's query parameters. `ignored` names JDBC parameters that have no meaning here.
    `tls` is for MySQL and MariaDB.
    """

    dialect: str
    host: str = ""
    port: int | None = None
    database: str = ""
    username: str | None = None
    password: Secret | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    tls: Tls = field(default_factory=Tls)

    def __str__(self) -> str:
        place = f"{self.host}:{self.port}" if self.port else self.host
        return f"{self.dialect}://{place}/{self.database}"

    def connect_arguments(self) -> dict[str, Any]:
        """Return the parts under SQLAlchemy's `URL.create` names."""
        return {
            "drivername": DRIVERS[self.dialect],
            "username": self.username,
            "password": None if self.password is None else self.password.reveal(),
            "host": self.host or None,
            "port": self.port,
            "database": self.database or None,
            "query": dict(self.query),
        }


def parse(url: str, username: str | None = None, password: Secret | None = None) -> Target:
    """Return the target of a URL; `username` and `password` win over those inside it.

    Raises ValueError, whose message never has the URL's password in it.
    """
    jdbc = url.startswith("jdbc:")
    scheme, separator, rest = url.removeprefix("jdbc:").partition(":")
    dialect = scheme.partition("+")[0]
    dialect = _ALIASES.get(dialect, dialect)
    if dialect not in DRIVERS or not separator:
        known = ", ".join(f"jdbc:{name}:" for name in DRIVERS)
        raise ValueError(f"the database {dialect!r} is not supported; known are {known}")
    if dialect == "sqlite":
        return _sqlite(rest, jdbc=jdbc)
    return _server(dialect, rest, username, password, jdbc=jdbc)


def _sqlite(rest: str, *, jdbc: bool) -> Target:
    path = rest.partition("?")[0]
    if not jdbc:  # SQLAlchemy: sqlite:///relative, sqlite:////absolute
        path = path.removeprefix("//").removeprefix("/")
    if not path:
        raise ValueError("an SQLite URL needs the path of a file, as in jdbc:sqlite:/var/lib/shop.db")
    return Target("sqlite", database=unquote(path))


def _server(dialect: str, rest: str, username: str | None, password: Secret | None, *, jdbc: bool) -> Target:
    if not rest.startswith("//"):
        raise ValueError(f"expected {dialect}://host:port/database")
    authority, _, tail = rest[2:].partition("/")
    try:
        parts = urlsplit("//host/" + tail)
        credentials, _, place = authority.rpartition("@")
        user_text, has_password, password_text = credentials.partition(":")
        host, port = _host_and_port(place)
    except ValueError:
        raise ValueError("host and port cannot be read") from None
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    if has_password and password is None:
        password = Secret(unquote(password_text))
    username = username or unquote(user_text) or parameters.pop("user", None)
    hidden = parameters.pop("password", None)
    if password is None and hidden is not None:
        password = Secret(hidden)
    parameters.pop("user", None)
    tls = Tls.take(parameters) if dialect != "postgresql" else Tls()
    query, ignored = (_jdbc_parameters(dialect, parameters)) if jdbc else (parameters, ())
    database = unquote(parts.path.lstrip("/"))
    return Target(dialect, host or "localhost", port, database, username, password, query, ignored, tls)


def _host_and_port(place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = place.partition(":")
    return unquote(host), int(port) if port else None


def _jdbc_parameters(dialect: str, given: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    translate = _postgres_parameter if dialect == "postgresql" else _mysql_parameter
    query: dict[str, str] = {}
    ignored = []
    for name, value in given.items():
        pairs = translate(name, value)
        if pairs is None:
            ignored.append(name)
        else:
            query.update(pairs)
    return query, tuple(ignored)


def _postgres_parameter(name: str, value: str) -> Mapping[str, str] | None:
    if name == "ssl":
        return {"sslmode": "require"} if value.lower() != "false" else {}
    if name == "currentSchema":
        return {"options": f"-c search_path={value}"}
    if name == "targetServerType":
        value = _SESSION_ATTRIBUTES.get(value, value)
    known = _POSTGRES_PARAMETERS.get(name)
    return None if known is None else {known: value}


def _mysql_parameter(name: str, value: str) -> Mapping[str, str] | None:
    if name in ("connectTimeout", "connect_timeout"):
        return {"connect_timeout": str(max(1, int(value) // 1000))}
    return None
