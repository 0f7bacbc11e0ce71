"""Writers that know what they wrote, through every crash of the server."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

import psycopg

from tests.faults.model import Alive, Change, Key, Model
from tests.servers.postgres import Connectable

WRITERS = 2
_BIG = 1_000_000
"""From here on ids belong to bulk statements."""

_Connection = psycopg.Connection[tuple[object, ...]]


class _RolledBack(Exception):
    """The writer has changed its mind."""


class Writer(threading.Thread):
    """Write random transactions until stopped; each leaves a line in `zz_journal`."""

    def __init__(self, number: int, database: Connectable, seed: int, *, pause: float, bulk: int) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number, self.model = number, Model()
        self._database, self._pause, self._bulk = database, pause, bulk
        self._random = random.Random(seed * 31 + number)
        self._alive = {"item": Alive(), "named": Alive(), "account": Alive()}
        self._dead: list[object] = []
        self._ended = threading.Event()
        self._transaction = self._version = self._entry = self._fresh = self._bulks = 0
        self._changes: list[tuple[Key, Change]] = []
        self._entries: list[tuple[int, int]] = []
        self._moves: list[tuple[str, str, object]] = []
        self.error: BaseException | None = None
        self._connection: _Connection | None = None

    # -- running -----------------------------------------------------------------------------

    def run(self) -> None:
        try:
            while not self._ended.is_set():
                self.write()
                time.sleep(self._random.expovariate(1 / self._pause) if self._pause else 0)
        except BaseException as error:  # noqa: BLE001 - raised by whoever stops the load
            self.error = error

    def stop(self) -> None:
        """End after the transaction under way; raises what went wrong."""
        self.end()
        if self.error is not None:
            raise self.error
        assert not self.is_alive()

    def end(self) -> None:
        """End after the transaction under way."""
        self._ended.set()
        if self.ident is not None:
            self.join(60)
        if self._connection is not None:
            self._connection.close()

    def write(self) -> None:
        """Run one transaction to a known end."""
        self._begin()
        kind = self._random.choices(
            (self._single, self._many, self._move_key, self._swap, self._append, self._large, self._regret),
            (45, 25, 8, 10, 9, 0.4 if self._bulk else 0, 3),
        )[0]
        self._run(kind)

    def preload(self, rows: int) -> None:
        """Write what the snapshot will find."""
        for statement in (self._grow, self._many):
            self._begin()
            self._run(lambda connection, of=statement: of(connection, rows))  # type: ignore[misc]

    def _begin(self) -> None:
        self._transaction += 1
        self._changes, self._entries, self._moves = [], [], []

    def _run(self, kind: Callable[[_Connection], None]) -> None:
        """Run a transaction. When the connection breaks, the journal tells whether it was committed."""
        identity = self._transaction * WRITERS + self.number
        try:
            connection = self._connected()
            with connection.transaction():
                kind(connection)
                connection.execute("INSERT INTO zz_journal VALUES (%s, %s)", [identity, identity])
        except _RolledBack:
            return self._undo()
        except psycopg.OperationalError:
            self._connection = None
            query = "SELECT 1 FROM zz_journal WHERE id = %s"
            if not self._connected().execute(query, [identity]).fetchone():
                return self._undo()
        self._changes.append((("zz_journal", identity), Change("c", identity, identity)))
        self.model.commit(self._changes, self._entries)
        return None

    def _undo(self) -> None:
        for what, table, key in reversed(self._moves):
            (self._alive[table].drop if what == "add" else self._alive[table].add)(key)

    def _connected(self) -> _Connection:
        deadline = time.monotonic() + 60
        while self._connection is None or self._connection.broken:
            try:
                self._connection = self._database.connect(connect_timeout=2)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        return self._connection

    # -- single changes ----------------------------------------------------------------------

    def _note(self, op: str, table: str, key: object, version: int | None) -> None:
        identity = self._transaction * WRITERS + self.number
        self._changes.append(((table, key), Change(op, version, identity)))
        if op == "u":
            return
        what = "add" if op == "c" else "drop"
        (self._alive[table].add if op == "c" else self._alive[table].drop)(key)
        self._moves.append((what, table, key))

    def _next(self) -> int:
        self._version += 1
        return self._version

    def _body(self) -> str | None:
        roll = self._random.random()
        if roll < 0.1:
            return None
        size = self._random.randrange(9000) if roll > 0.97 else self._random.randrange(120)
        return "".join(self._random.choices("abc\\\n\t\"'{}é☃𝄞 ", k=size))

    def _new_key(self, table: str) -> object:
        if self._dead and self._random.random() < 0.5:
            key = self._dead.pop(self._random.randrange(len(self._dead)))
            if table != "named" and key not in self._alive[table]:
                return key
        self._fresh += 1
        number = self._fresh * WRITERS + self.number
        return f"{self._random.choice('aZé☃')}'{number}\\" if table == "named" else number

    def _insert(self, connection: _Connection, table: str, key: object, text: str | None) -> None:
        version = self._next()
        connection.execute(f"INSERT INTO {table} VALUES (%s, %s, %s)", [key, version, text])
        self._note("c", table, key, version)

    def _update(self, connection: _Connection, table: str, key: object, text: str | None) -> None:
        version, name = self._next(), "name" if table == "named" else "id"
        column = "email" if table == "account" else "body"
        if text is None and column == "body":  # a large body then is not in the log
            connection.execute(f"UPDATE {table} SET version = %s WHERE {name} = %s", [version, key])
        else:
            query = f"UPDATE {table} SET version = %s, {column} = %s WHERE {name} = %s"
            connection.execute(query, [version, text, key])
        self._note("u", table, key, version)

    def _delete(self, connection: _Connection, table: str, key: object) -> None:
        name = "name" if table == "named" else "id"
        connection.execute(f"DELETE FROM {table} WHERE {name} = %s", [key])
        self._note("d", table, key, None)
        if table != "named":
            self._dead.append(key)

    # -- transactions ------------------------------------------------------------------------

    def _single(self, connection: _Connection) -> None:
        table = self._random.choice(("item", "item", "named"))
        roll, alive = self._random.random(), self._alive[table]
        if roll < 0.4 or not alive:
            self._insert(connection, table, self._new_key(table), self._body())
        elif roll < 0.8:
            self._update(connection, table, alive.pick(self._random), self._body())
        else:
            key = alive.pick(self._random)
            self._delete(connection, table, key)
            if self._random.random() < 0.4:
                self._insert(connection, table, key, self._body())

    def _many(self, connection: _Connection, count: int = 0) -> None:
        for _ in range(min(count, 300) or self._random.randrange(2, 25)):
            self._single(connection)
        self._append(connection, count)

    def _move_key(self, connection: _Connection) -> None:
        table = self._random.choice(("item", "named"))
        if not self._alive[table]:
            return
        old, new, version = self._alive[table].pick(self._random), self._new_key(table), self._next()
        name = "name" if table == "named" else "id"
        body = self._body()
        query = f"UPDATE {table} SET {name} = %s, version = %s, body = %s WHERE {name} = %s"
        connection.execute(query, [new, version, body, old])
        self._note("d", table, old, None)
        self._note("c", table, new, version)

    def _swap(self, connection: _Connection) -> None:
        """Hand a unique value from one row to another, which no order but the source's can follow."""
        alive = self._alive["account"]
        if len(alive) < 4 or self._random.random() < 0.3:
            key = self._new_key("account")
            return self._insert(connection, "account", key, f"{self.number}-{self._next()}")
        old = alive.pick(self._random)
        query = "SELECT email FROM account WHERE id = %s"
        ((email,),) = connection.execute(query, [old]).fetchall()
        if self._random.random() < 0.5:
            self._delete(connection, "account", old)
            return self._insert(connection, "account", self._new_key("account"), str(email))
        other = alive.pick(self._random)
        if other != old:
            self._update(connection, "account", old, f"{self.number}-{self._next()}")
            self._update(connection, "account", other, str(email))
        return None

    def _append(self, connection: _Connection, count: int = 0) -> None:
        for _ in range(1):
            first, size = self._entry, count or self._random.randrange(1, 6)
            self._entry += size  # a number that was rolled back is not used again
            query = "INSERT INTO entry SELECT %s, n FROM generate_series(%s::bigint, %s) n"
            connection.execute(query, [self.number, first, self._entry - 1])
            self._entries += [(self.number, seq) for seq in range(first, self._entry)]

    def _grow(self, connection: _Connection, count: int) -> None:
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

    def _large(self, connection: _Connection) -> None:
        """Touch thousands of rows in one transaction."""
        self._grow(connection, self._bulk)
        version, low = self._next(), _BIG * (1 + self.number)
        query = "UPDATE item SET version = %s WHERE id BETWEEN %s AND %s RETURNING id"
        for (key,) in connection.execute(query, [version, low, low + self._bulk // 2]).fetchall():
            self._note("u", "item", key, version)

    def _regret(self, connection: _Connection) -> None:
        self._many(connection)
        raise _RolledBack


class Load:
    """All writers; use it in a `with`."""

    def __init__(self, database: Connectable, seed: int, *, pause: float = 0.004, bulk: int = 3000) -> None:
        self.writers = [Writer(n, database, seed, pause=pause, bulk=bulk) for n in range(WRITERS)]

    def preload(self, rows: int) -> None:
        """Write what the snapshot will find."""
        for writer in self.writers:
            writer.preload(rows // WRITERS)

    def start(self) -> None:
        """Begin."""
        for writer in self.writers:
            writer.start()

    def stop(self) -> None:
        """End; what was written is then in the models."""
        for writer in self.writers:
            writer.stop()

    def end(self) -> None:
        """End without a word about what went wrong."""
        for writer in self.writers:
            writer.end()

    @property
    def models(self) -> Sequence[Model]:
        """Return the committed truth."""
        return [writer.model for writer in self.writers]

    @property
    def rows(self) -> int:
        """Return how many row changes were committed."""
        return sum(model.rows for model in self.models)
