"""Compacted topics: a table of names, keys and newest values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from cdc.plugin import State
from cdc.transport.embedded.store import Store

OFFSETS = "offsets"
"""The state that writers commit source offsets to."""


class EmbeddedState(State):
    """One name's keys and values; every call is a transaction of its own."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name

    def get(self, key: bytes) -> bytes | None:
        """Return the newest value of `key`."""
        rows = self._store.query("SELECT value FROM states WHERE name = ? AND key = ?", (self._name, key))
        return rows[0][0] if rows else None

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every live key with its newest value, all of one moment, by key."""
        yield from self._store.query(
            "SELECT key, value FROM states WHERE name = ? ORDER BY key", (self._name,)
        )

    def put(self, key: bytes, value: bytes | None) -> None:
        """Store durably; None deletes."""
        with self._store.transaction() as connection:
            write(connection, self._name, [(key, value)])

    def close(self) -> None:
        """Release the connection."""
        self._store.close()


def write(connection: sqlite3.Connection, name: str, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Put (or, where the value is None, delete) entries within the caller's transaction."""
    for key, value in entries:
        if value is None:
            connection.execute("DELETE FROM states WHERE name = ? AND key = ?", (name, key))
        else:
            connection.execute(
                "INSERT INTO states VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (name, key, value),
            )
