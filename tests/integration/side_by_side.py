"""What snapshots of several tables at a time are judged by, for sources of every kind; ids are 1, 2, 3 ….

Each table has more than the snapshot may read at once, so that what is next to the last is seen.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from tests.integration.capture import ConnectorCapture


def assert_marked(capture: ConnectorCapture, tables: Sequence[str], rows: int) -> None:
    """Each row came once, in order; the first and the last ones, of all and of each table, say so."""
    marks = defaultdict(list)
    for name in tables:
        events = capture.events(name)
        assert [event.row["id"] for event in events] == list(range(1, rows + 1))
        for event in events:
            marks[event.value["source"]["snapshot"]].append(event.row["id"])
    others = len(tables) - 1
    assert marks == {
        "first": [1],
        "first_in_data_collection": [1] * others,
        "true": marks["true"],
        "last_in_data_collection": [rows] * others,
        "last": [rows],
    }
    assert len(marks["true"]) == len(tables) * (rows - 2)
    assert capture.metrics.values["RemainingTableCount"] == 0


def assert_same_moment(
    capture: ConnectorCapture,
    tables: Sequence[str],
    rows: int,
    write: Callable[[threading.Event], None],
    written: Callable[[], bool] = lambda: True,
) -> None:
    """Whoever sees a row in one table sees it in the others; `write` inserts the next id into all at once."""
    stopping = threading.Event()
    writer = threading.Thread(target=write, args=(stopping,))
    writer.start()
    try:
        capture.until(written, "written")
        capture.start()
        capture.until(lambda: len(capture.events(tables[-1], "r")) > rows, "read")
    finally:
        stopping.set()
        writer.join()
    capture.sync()
    capture.stop()
    assert len({tuple(event.row["id"] for event in capture.events(name, "r")) for name in tables}) == 1
    for name in tables:
        ids = [event.row["id"] for event in capture.events(name)]
        assert ids == list(range(1, len(ids) + 1))


def assert_stops_at_once(capture: ConnectorCapture, read: str, rows: int, seconds: float) -> None:
    """A stop, while a table has a statement that takes a minute, takes no longer than this."""
    capture.start()
    capture.until(lambda: len(capture.events(read)) > rows - 200, "read")
    time.sleep(0.5)  # the slow statement is with the server by then
    began = time.monotonic()
    capture.stop()
    assert time.monotonic() - began < seconds
    assert capture.error is None


def assert_all_came(capture: ConnectorCapture, tables: Sequence[str], rows: int) -> None:
    """Each row came once, in whatever order."""
    for name in tables:
        assert sorted(event.row["id"] for event in capture.events(name)) == list(range(1, rows + 1)), name
