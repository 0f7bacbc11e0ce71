"""A transaction that takes rows while the next ones are bound: the database and we work at once.

Statements run in one thread of their own, one after the other; the caller waits for the last before it
gives the next. Nothing else may use the session between `send` and `commit` or `abandon`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from sinks.jdbc.lane import Lane
from sinks.jdbc.session import Session
from sinks.jdbc.writer import Writer


class Stream:
    """The open transaction, if there is one."""

    def __init__(self, session: Session, writer: Writer) -> None:
        self.session, self.writer = session, writer
        self.open = False
        self._thread: ThreadPoolExecutor | None = None
        self._running: Future[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the database may be at work for the thread."""
        return self._running is not None and not self._running.done()

    def send(self, lanes: Iterable[Lane]) -> None:
        """Write lanes in the background. Raises what went wrong with those before."""
        self._wait()
        begin, self.open = not self.open, True
        self._run(lambda: self._write(lanes, begin=begin))

    def _write(self, lanes: Iterable[Lane], *, begin: bool) -> None:
        if begin:
            self.session.begin()
        for lane in lanes:
            self.writer.write(lane)

    def commit(self, advance: Callable[[], None], lanes: Iterable[Lane]) -> None:
        """Write the last lanes and the position (`advance`), and commit."""
        self._wait()
        self._write(lanes, begin=not self.open)
        self.open = True
        advance()
        self.session.execute("COMMIT")
        self.open = False

    def abandon(self) -> None:
        """Roll back; safe to call at any time."""
        try:
            self._wait()
        except Exception:  # noqa: BLE001, S110 - it is rolled back because of this, or of something later
            pass
        if self.open:
            self.open = False
            self.session.roll_back()
            self.writer.rolled_back()

    def close(self) -> None:
        """Give up the transaction and end the thread."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._thread = None
        self.open = False

    def _run(self, work: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="jdbc-sink")
        self._running = self._thread.submit(work)

    def _wait(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.result()
