"""Random transactions, and what each of them changes."""

from __future__ import annotations

import random
from collections.abc import Callable
from string import ascii_lowercase

from tests.faults.databases import Session
from tests.faults.model import Alive, Change, Key

WRITERS = 2
_BIG = 1_000_000
"""From here on ids belong to bulk statements."""


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

    def begin(self) -> Callable[[Session], None]:
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

    def preload(self, session: Session, rows: int) -> None:
        """Insert what the snapshot will find."""
        self._grow(session, rows)
        self._many(session, rows)

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

    def _insert(self, session: Session, table: str, key: object, text: str | None) -> None:
        version = self._next()
        session.execute(f"INSERT INTO {table} VALUES (%s, %s, %s)", [key, version, text])
        self._note("c", table, key, version)

    def _update(self, session: Session, table: str, key: object, text: str | None) -> None:
        version, name = self._next(), "name" if table == "named" else "id"
        column = "email" if table == "account" else "body"
        if text is None and column == "body":  # a large body then is not in the log
            session.execute(f"UPDATE {table} SET version = %s WHERE {name} = %s", [version, key])
        else:
            query = f"UPDATE {table} SET version = %s, {column} = %s WHERE {name} = %s"
            session.execute(query, [version, text, key])
        self._note("u", table, key, version)

    def _delete(self, session: Session, table: str, key: object) -> None:
        name = "name" if table == "named" else "id"
        session.execute(f"DELETE FROM {table} WHERE {name} = %s", [key])
        self._note("d", table, key, None)
        if table != "named":
            self._dead.append(key)

    # -- transactions ------------------------------------------------------------------------

    def _single(self, session: Session) -> None:
        table = self.random.choice(("item", "item", "named"))
        roll, alive = self.random.random(), self._alive[table]
        if roll < 0.4 or not alive:
            self._insert(session, table, self._new_key(table), self._body())
        elif roll < 0.8:
            self._update(session, table, alive.pick(self.random), self._body())
        else:
            key = alive.pick(self.random)
            self._delete(session, table, key)
            if self.random.random() < 0.4:
                self._insert(session, table, key, self._body())

    def _many(self, session: Session, count: int = 0) -> None:
        for _ in range(min(count, 300) or self.random.randrange(2, 25)):
            self._single(session)
        self._append(session, count)

    def _move_key(self, session: Session) -> None:
        table = self.random.choice(("item", "named"))
        if not self._alive[table]:
            return
        old, new, version = self._alive[table].pick(self.random), self._new_key(table), self._next()
        name = "name" if table == "named" else "id"
        body = self._body()
        query = f"UPDATE {table} SET {name} = %s, version = %s, body = %s WHERE {name} = %s"
        session.execute(query, [new, version, body, old])
        self._note("d", table, old, None)
        self._note("c", table, new, version)

    def _swap(self, session: Session) -> None:
        """Hand a unique value from one row to another, which no order but the source's can follow."""
        alive = self._alive["account"]
        if len(alive) < 4 or self.random.random() < 0.3:
            key = self._new_key("account")
            return self._insert(session, "account", key, f"{self.number}-{self._next()}")
        old = alive.pick(self.random)
        query = "SELECT email FROM account WHERE id = %s"
        ((email,),) = session.execute(query, [old])
        if self.random.random() < 0.5:
            self._delete(session, "account", old)
            return self._insert(session, "account", self._new_key("account"), str(email))
        other = alive.pick(self.random)
        if other != old:
            self._update(session, "account", old, f"{self.number}-{self._next()}")
            self._update(session, "account", other, str(email))
        return None

    def _append(self, session: Session, count: int = 0) -> None:
        first, size = self._entry, count or self.random.randrange(1, 6)
        self._entry += size  # a number that was rolled back is not used again
        numbers = _numbers(first, self._entry - 1)
        session.execute(f"INSERT INTO entry {numbers} SELECT {self.number}, n FROM numbers")
        self.entries += [(self.number, seq) for seq in range(first, self._entry)]

    def _grow(self, session: Session, count: int) -> None:
        """Insert a block of new items in one statement."""
        version, start = self._next(), _BIG * (1 + self.number) + self._bulks
        self._bulks += count
        body = f"repeat(substr('{ascii_lowercase}', 1 + mod(n, 26), 1), mod(n, 200))"
        numbers = _numbers(start, start + count - 1)
        session.execute(f"INSERT INTO item {numbers} SELECT n, {version}, {body} FROM numbers")
        for key in range(start, start + count):
            self._note("c", "item", key, version)

    def _large(self, session: Session) -> None:
        """Touch thousands of rows in one transaction."""
        self._grow(session, self._bulk)
        version, low = self._next(), _BIG * (1 + self.number)
        some = f"id BETWEEN {low} AND {low + self._bulk // 2}"
        keys = session.execute(f"SELECT id FROM item WHERE {some}")
        session.execute(f"UPDATE item SET version = {version} WHERE {some}")
        for (key,) in keys:
            self._note("u", "item", key, version)

    def _regret(self, session: Session) -> None:
        self._many(session)
        raise RolledBack


def _numbers(first: int, last: int) -> str:
    """Return the SQL of a row a number, as every server knows it."""
    return (
        f"WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
    )
