"""What the crash tests ask of a database, whichever server it is on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Rows = list[tuple[Any, ...]]


class Session(Protocol):
    """A connection; each statement is committed but in a transaction."""

    def execute(self, query: str, params: Sequence[object] | None = None) -> Rows:
        """Run a statement and return its rows."""
        ...

    def transaction(self) -> AbstractContextManager[object]:
        """Commit at the end of the block, or roll back what raises."""
        ...

    def close(self) -> None:
        """End it, whether it is still there or not."""
        ...


class Server(Protocol):
    """A server that may be killed."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        ...

    def start(self) -> Any:
        """Start and wait until connections are taken."""
        ...

    def stop(self) -> None:
        """Shut down in order."""
        ...

    def kill(self) -> None:
        """`kill -9`."""
        ...


class Database(Protocol):
    """One database, source or target.

    connector: what captures it. schema: what its topics have between the prefix and the table.
    source_tables, target_tables: DDL; in the target that of the table with an index of its own. alterations:
    more DDL of the source, once for each `{n}`, that a writer need not know of. lost: what a session that
    has broken raises. resumes_keyless: whether a snapshot that was cut goes on in a table without a key.
    """

    name: str
    connector: str
    schema: str
    source_tables: tuple[str, ...]
    target_tables: tuple[str, ...]
    alterations: tuple[str, ...]
    forget_unique: str
    lost: tuple[type[Exception], ...]
    resumes_keyless: bool

    @property
    def server(self) -> Server:
        """The server that it is on."""
        ...

    def connect(self) -> Session:
        """Open a session, or raise one of `lost`."""
        ...

    def execute(self, query: str, params: Sequence[object] | None = None) -> Rows:
        """Run a statement in a session of its own."""
        ...

    def exists(self, table: str) -> bool:
        """Tell whether there is such a table."""
        ...

    def fingerprint(self, columns: Sequence[str]) -> str:
        """Return the SQL of a number that stands for a row."""
        ...

    def source_options(self, prefix: str, tables: Sequence[str]) -> dict[str, str]:
        """Return the options of a source connector."""
        ...

    def sink_options(self) -> dict[str, str]:
        """Return the options of the sink's connection."""
        ...

    def drop(self) -> None:
        """Drop it, with whatever is connected."""
        ...
