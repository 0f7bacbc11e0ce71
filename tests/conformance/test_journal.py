"""What every log promises of its journals (`cdc.plugin.Journal`), and so do those that need no log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cdc.journals import FileJournal, MemoryJournal
from cdc.plugin import Journal, PluginKind, available
from tests.conformance.logs import HARNESSES

Open = Callable[[], Journal]


def _of_log(name: str) -> Callable[[pytest.FixtureRequest, Path], Open]:
    def prepare(request: pytest.FixtureRequest, path: Path) -> Open:
        harness = HARNESSES[name](request, path)
        log, topic = harness.open(), harness.topic("journal")
        request.addfinalizer(log.close)
        return lambda: log.journal(topic, {})

    return prepare


def _of_memory(request: pytest.FixtureRequest, path: Path) -> Open:
    values: list[bytes] = []
    return lambda: MemoryJournal(values)


JOURNALS: dict[str, Callable[[pytest.FixtureRequest, Path], Open]] = {
    **{plugin.name: _of_log(plugin.name) for plugin in available(PluginKind.LOG)},
    "file": lambda request, path: lambda: FileJournal(path / "deep" / "history.dat"),
    "list": _of_memory,
}


@pytest.fixture(params=sorted(JOURNALS))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return JOURNALS[request.param](request, tmp_path)


def numbers(start: int, stop: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(start, stop)]


def test_what_is_missing_is_not_empty_and_looking_does_not_make_it(opened: Open) -> None:
    for _ in range(2):
        journal = opened()
        assert journal.span() is None
        assert list(journal.read()) == []
        journal.close()


def test_records_stay_in_order_over_appends_and_openings(opened: Open) -> None:
    first = opened()
    first.append(numbers(0, 3))
    first.append(numbers(3, 4))
    assert list(first.read()) == numbers(0, 4)
    first.close()
    second = opened()
    assert second.span() == range(4)
    second.append(numbers(4, 2000))
    assert list(second.read()) == numbers(0, 2000)
    assert second.span() == range(2000)
    second.close()


def test_a_record_is_readable_elsewhere_as_soon_as_append_returns(opened: Open) -> None:
    writer, reader = opened(), opened()
    for number in range(5):
        writer.append(numbers(number, number + 1))
        assert list(reader.read()) == numbers(0, number + 1)
    writer.close()
    reader.close()


def test_reading_ends_where_the_journal_ended_when_it_began(opened: Open) -> None:
    journal = opened()
    journal.append(numbers(0, 10))
    reading = journal.read()
    assert next(reading) == b'{"n":0}'
    journal.append(numbers(10, 20))
    assert list(reading) == numbers(1, 10)
    journal.close()


def test_reading_may_be_given_up(opened: Open) -> None:
    journal = opened()
    journal.append(numbers(0, 10))
    for value in journal.read():
        assert value == b'{"n":0}'
        break
    assert list(journal.read()) == numbers(0, 10)
    journal.close()


def test_bytes_come_back_as_they_were(opened: Open) -> None:
    values = ['{"ddl":"ünï € 😀 \\n \\u0001"}'.encode(), b'{"large":"%s"}' % (b"x" * 900_000)]
    journal = opened()
    journal.append(values)
    assert list(journal.read()) == values
    journal.append([])
    assert journal.span() == range(2)
    journal.close()
