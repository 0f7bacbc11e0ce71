"""Journals: records by number in the table of states, where no retention reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cdc.plugin import Journal
from cdc.transport.embedded import state
from cdc.transport.embedded.store import Store

PREFIX: Final = "journal "
"""What the names of journals begin with among the states."""

_NUMBER: Final = 8


class EmbeddedJournal(Journal):
    """One topic's records, by number: a key is the offset in eight bytes, so that keys sort as offsets do."""

    def __init__(self, store: Store, topic: str) -> None:
        self._store, self._name = store, PREFIX + topic

    def span(self) -> range | None:
        """Return the offsets of the records; None before the first append."""
        ((first, last),) = self._store.query(
            "SELECT min(key), max(key) FROM states WHERE name = ?", (self._name,)
        )
        return None if first is None else range(int.from_bytes(first), int.from_bytes(last) + 1)

    def append(self, values: Sequence[bytes]) -> None:
        """Add records in one transaction: all of them or none."""
        with self._store.transaction() as connection:
            sql = "SELECT max(key) FROM states WHERE name = ?"
            (last,) = connection.execute(sql, (self._name,)).fetchone()
            start = 0 if last is None else int.from_bytes(last) + 1
            keys = (number.to_bytes(_NUMBER) for number in range(start, start + len(values)))
            state.write(connection, self._name, zip(keys, values, strict=True))

    def read(self) -> Iterator[bytes]:
        """Yield the records, all of one moment."""
        rows = self._store.query("SELECT value FROM states WHERE name = ? ORDER BY key", (self._name,))
        return (value for (value,) in rows)

    def close(self) -> None:
        """Release the connection."""
        self._store.close()
