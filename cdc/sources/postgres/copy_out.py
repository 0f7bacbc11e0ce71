"""Read what COPY sends, straight from libpq: the driver's own iterator costs more than the row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from select import POLLIN, POLLOUT, poll
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult

READ_BYTES = 256 * 1024
"""How much COPY text makes one batch."""
_PATIENCE_MS = 500


def copy_lines(connection: Connection, statement: str) -> Iterator[Sequence[str]]:
    """Run `COPY (statement) TO STDOUT`; yield about `READ_BYTES` of lines at a time, as latin-1.

    Yields no lines when none have come for a while. Raises the driver's errors. A reader that stops
    early cancels the statement.
    """
    from psycopg.pq import ExecStatus

    driver = connection.pgconn
    driver.send_query(f"COPY ({statement}) TO STDOUT".encode())
    _flush(driver)
    try:
        yield from _busy(driver)
        result = driver.get_result()
        if result is None or result.status != ExecStatus.COPY_OUT:
            _finish(driver, result)
            return
        for messages in _messages(driver):
            yield _lines(messages)
    except GeneratorExit:
        driver.get_cancel().cancel()
        while (left := driver.get_result()) is not None:
            if left.status == ExecStatus.COPY_OUT:
                _drop_copy(driver)
        raise
    _finish(driver, _result(driver))


def _drop_copy(driver: PGconn) -> None:
    from psycopg import OperationalError

    with suppress(OperationalError):  # that it was cancelled; the result says so, too
        while driver.get_copy_data(0)[0] > 0:
            pass


def _busy(driver: PGconn) -> Iterator[Sequence[str]]:
    """Wait for the answer; yields nothing, now and then."""
    wait = _waiter(driver)
    while driver.is_busy():
        if wait():
            driver.consume_input()
        else:
            yield ()


def _messages(driver: PGconn) -> Iterator[list[memoryview]]:
    """Yield CopyData messages until the COPY ends; those there are, if any, when none come for a while."""
    get, consume, wait = driver.get_copy_data, driver.consume_input, _waiter(driver)
    messages: list[memoryview] = []
    add, total = messages.append, 0
    while True:
        size, data = get(1)
        if size > 0:
            add(data)
            total += size
            if total >= READ_BYTES:
                yield messages
                messages = []
                add, total = messages.append, 0
        elif size == 0:
            if not wait():
                yield messages
                messages = []
                add, total = messages.append, 0
            consume()
        else:
            break
    if messages:
        yield messages


def _waiter(driver: PGconn) -> Callable[[], bool]:
    """Return what waits for the server without holding the interpreter; False: nothing came for a while."""
    poller = poll()
    poller.register(driver.socket, POLLIN)
    # Under TLS bytes may wait in the library while the socket has none: then look again soon.
    pause = 1 if driver.ssl_in_use else _PATIENCE_MS
    waited = 0

    def wait() -> bool:
        nonlocal waited
        waited = 0 if waited >= _PATIENCE_MS or poller.poll(pause) else waited + pause
        return waited < _PATIENCE_MS

    return wait


def _flush(driver: PGconn) -> None:
    poller = poll()
    poller.register(driver.socket, POLLIN | POLLOUT)
    while driver.flush():
        poller.poll()
        driver.consume_input()


def _result(driver: PGconn) -> PGresult | None:
    wait = _waiter(driver)
    while driver.is_busy():
        wait()
        driver.consume_input()
    return driver.get_result()


def _finish(driver: PGconn, result: PGresult | None) -> None:
    """Take the results that are left; raises the error if there is one."""
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    failed = None
    while result is not None:
        if result.status != ExecStatus.COMMAND_OK:
            failed = failed or result
        result = _result(driver)
    if failed is not None:
        raise error_from_result(failed)


def _lines(messages: Sequence[memoryview]) -> list[str]:
    """Return the lines of whole CopyData messages: the server sends one a row."""
    lines = b"".join(messages).decode("latin-1").split("\n")
    lines.pop()
    return lines
