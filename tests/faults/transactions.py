"""Random transactions, and what each of them changes."""

from __future__ import annotations

import random
from collections.abc import Callable

import psycopg

from tests.faults.model import Alive, Change, Key

WRITERS = 2
_BIG = 1_000_000
"""From here on ids belong to bulk statements."""

Connection = psycopg.Connection[tuple[object, ...]]


class RolledBack(Exception):
    """The writer has changed its mind."""


class Transactions:
    """Make the transactions of one writer. `changes` and `entries` are those of the present one.

    bulk: how many rows a large transaction inserts; 0: there are none.
    """

    def __init__(self, number: int, seed: int, bulk: int) -> None:
        self.changes: list[tuple[Key, Change]] = []
        self.entries: list[tuple[int, int]] = []
        self.identity = 0
        self.random = random.Random(seed * 31 + number)
        self.number, self._bulk = number, bulk
        self._alive = {"item": Alive(), "named": Alive(), "account": Alive()}
        self._dead: list[object] = []
        self._transaction = self._version = self._entry = self._fresh = self._bulks = 0
        self._moves: list[tuple[str, str, object]] = []

    def begin(self) -> Callable[[Connection], None]:
        """Start anew; return what to do inside of the next transaction."""
        self._transaction += 1
        self.identity = self._transaction * WRITERS + self.number
        self.changes, self.entries, self._moves = [], [], []
        return self.random.choices(
            (self._single, self._many, self._move_key, self._swap, self._append, self._large, self._regret),
            (45, 25, 8, 10, 9, 0.4 if self._bulk else 0, 3),
        )[0]

    def undo(self) -> None:
        """Forget the transaction."""
        for what, table, key in reversed(self._moves):
            (self._alive[table].drop if what == "add" else self._alive[table].add)(key)

    def preload(self, connection: Connection, rows: int) -> None:
        """Insert what the snapshot will find."""
        self._grow(connection, rows)
        self._many(connection, rows)

    # -- single changes ----------------------------------------------------------------------

    def _note(self, op: str, table: str, key: object, version: int | None) -> None:
        self.changes.append(((table, key), Change(op, version, self.identity)))
        if op == "u":
            return
        what = "add" if op == "c" else "drop"
        (self._alive[table].add if op == "c" else self._alive[table].drop)(key)
        self._moves.append((what, table, key))

    def _next(self) -> int:
        self._version += 1
        return self._version

    def _body(self) -> str | None:
        roll = self.random.random()
        if roll < 0.1:
            return None
        size = self.random.randrange(9000) if roll > 0.97 else self.random.randrange(120)
        return "".join(self.random.choices("abc\\\n\t\"'{}é☃𝄞 ", k=size))

    def _new_key(self, table: str) -> object:
        if self._dead and self.random.random() < 0.5:
            key = self._dead.pop(self.random.randrange(len(self._dead)))
            if table != "named" and key not in self._alive[table]:
                return key
        self._fresh += 1
        number = self._fresh * WRITERS + self.number
        return f"{self.random.choice('aZé☃')}'{number}\\" if table == "named" else number

    def _insert(self, connection: Connection, table: str, key: object, text: str | None) -> None:
        version = self._next()
        connection.execute(f"INSERT INTO {table} VALUES (%s, %s, %s)", [key, version, text])
        self._note("c", table, key, version)

    def _update(self, connection: Connection, table: str, key: object, text: str | None) -> None:
        version, name = self._next(), "name" if table == "named" else "id"
        column = "email" if table == "account" else "body"
        if text is None and column == "body":  # a large body then is not in the log
            connection.execute(f"UPDATE {table} SET version = %s WHERE {name} = %s", [version, key])
        else:
            query = f"UPDATE {table} SET version = %s, {column} = %s WHERE {name} = %s"
            connection.execute(query, [version, text, key])
        self._note("u", table, key, version)

    def _delete(self, connection: Connection, table: str, key: object) -> None:
        name = "name" if table == "named" else "id"
        connection.execute(f"DELETE FROM {table} WHERE {name} = %s", [key])
        self._note("d", table, key, None)
        if table != "named":
            self._dead.append(key)

    # -- transactions ------------------------------------------------------------------------

    def _single(self, connection: Connection) -> None:
        table = self.random.choice(("item", "item", "named"))
        roll, alive = self.random.random(), self._alive[table]
        if roll < 0.4 or not alive:
            self._insert(connection, table, self._new_key(table), self._body())
        elif roll < 0.8:
            self._update(connection, table, alive.pick(self.random), self._body())
        else:
            key = alive.pick(self.random)
            self._delete(connection, table, key)
            if self.random.random() < 0.4:
                self._insert(connection, table, key, self._body())

    def _many(self, connection: Connection, count: int = 0) -> None:
        for _ in range(min(count, 300) or self.random.randrange(2, 25)):
            self._single(connection)
        self._append(connection, count)

    def _move_key(self, connection: Connection) -> None:
        table = self.random.choice(("item", "named"))
        if not self._alive[table]:
            return
        old, new, version = self._alive[table].pick(self.random), self._new_key(table), self._next()
        name = "name" if table == "named" else "id"
        body = self._body()
        query = f"UPDATE {table} SET {name} = %s, version = %s, body = %s WHERE {name} = %s"
        connection.execute(query, [new, version, body, old])
        self._note("d", table, old, None)
        self._note("c", table, new, version)

    def _swap(self, connection: Connection) -> None:
        """Hand a unique value from one row to another, which no order but the source's can follow."""
        alive = self._alive["account"]
        if len(alive) < 4 or self.random.random() < 0.3:
            key = self._new_key("account")
            return self._insert(connection, "account", key, f"{self.number}-{self._next()}")
        old = alive.pick(self.random)
        query = "SELECT email FROM account WHERE id = %s"
        ((email,),) = connection.execute(query, [old]).fetchall()
        if self.random.random() < 0.5:
            self._delete(connection, "account", old)
            return self._insert(connection, "account", self._new_key("account"), str(email))
        other = alive.pick(self.random)
        if other != old:
            self._update(connection, "account", old, f"{self.number}-{self._next()}")
            self._update(connection, "account", other, str(email))
        return None

    def _append(self, connection: Connection, count: int = 0) -> None:
        first, size = self._entry, count or self.random.randrange(1, 6)
        self._entry += size  # a number that was rolled back is not used again
        query = "INSERT INTO entry SELECT %s, n FROM generate_series(%s::bigint, %s) n"
        connection.execute(query, [self.number, first, self._entry - 1])
        self.entries += [(self.number, seq) for seq in range(first, self._entry)]

    def _grow(self, connection: Connection, count: int) -> None:
        """Insert a block of new items in one statement."""
        version, start = self._next(), _BIG * (1 + self.number) + self._bulks
        self._bulks += count
        query = (
            "INSERT INTO item SELECT n, %s, repeat(chr(97 + n %% 26), n %% 200) "
            "FROM generate_series(%s::int, %s) n"
        )
        connection.execute(query, [version, start, start + count - 1])
        for key in range(start, start + count):
            self._note("c", "item", key, version)

    def _large(self, connection: Connection) -> None:
        """Touch thousands of rows in one transaction."""
        self._grow(connection, self._bulk)
        version, low = self._next(), _BIG * (1 + self.number)
        query = "UPDATE item SET version = %s WHERE id BETWEEN %s AND %s RETURNING id"
        for (key,) in connection.execute(query, [version, low, low + self._bulk // 2]).fetchall():
            self._note("u", "item", key, version)

    def _regret(self, connection: Connection) -> None:
        self._many(connection)
        raise RolledBack
