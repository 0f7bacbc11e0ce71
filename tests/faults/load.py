"""Writers that know what they wrote, through every crash of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from tests.faults.databases import Database, Session
from tests.faults.model import Change, Model
from tests.faults.transactions import WRITERS, RolledBack, Transactions


class Writer(threading.Thread):
    """Write random transactions until stopped; each leaves a line in `zz_journal`."""

    def __init__(self, number: int, database: Database, seed: int, *, pause: float, bulk: int) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.model = Model()
        self.error: BaseException | None = None
        self._database, self._pause = database, pause
        self._transactions = Transactions(number, seed, bulk)
        self._ended = threading.Event()
        self._session: Session | None = None

    def run(self) -> None:
        """Write; see `stop`."""
        try:
            while not self._ended.is_set():
                self._write(self._transactions.begin())
                time.sleep(self._transactions.random.expovariate(1 / self._pause))
        except BaseException as error:  # noqa: BLE001 - raised by whoever stops the load
            self.error = error

    def preload(self, rows: int) -> None:
        """Write what the snapshot will find."""
        self._transactions.begin()
        self._write(lambda session: self._transactions.preload(session, rows))

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
        if self._session is not None:
            self._session.close()

    def _write(self, work: Callable[[Session], None]) -> None:
        """Run a transaction. When the connection breaks, the journal tells whether it was committed."""
        transaction = self._transactions
        identity = transaction.identity
        try:
            session = self._connected()
            with session.transaction():
                work(session)
                session.execute("INSERT INTO zz_journal VALUES (%s, %s)", [identity, identity])
        except RolledBack:
            transaction.undo()
            return
        except self._database.lost:
            self._lose()
            if not self._is_committed(identity):
                transaction.undo()
                return
        transaction.changes.append((("zz_journal", identity), Change("c", identity, identity)))
        self.model.commit(transaction.changes, transaction.entries)

    def _is_committed(self, identity: int) -> bool:
        """Ask until there is an answer; a session of before a crash may not be asked."""
        query = "SELECT 1 FROM zz_journal WHERE id = %s"
        while True:
            try:
                return bool(self._connected().execute(query, [identity]))
            except self._database.lost:
                self._lose()

    def _lose(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None

    def _connected(self) -> Session:
        deadline = time.monotonic() + 60
        while self._session is None:
            try:
                self._session = self._database.connect()
            except self._database.lost:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        return self._session


class Load:
    """All writers; use it in a `with`."""

    def __init__(self, database: Database, seed: int, *, pause: float = 0.01, bulk: int = 3000) -> None:
        self.writers = [Writer(n, database, seed, pause=pause, bulk=bulk) for n in range(WRITERS)]

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self.writers:
            writer.end()

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

    @property
    def models(self) -> Sequence[Model]:
        """Return the committed truth."""
        return [writer.model for writer in self.writers]

    @property
    def rows(self) -> int:
        """Return how many row changes were committed."""
        return sum(model.rows for model in self.models)
