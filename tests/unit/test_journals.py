"""The file of a schema history, as Debezium leaves it and as crashes do."""

from pathlib import Path

import pytest

from cdc.errors import LogRejected
from cdc.journals import FileJournal


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"", []),
        (b'{"a":1}\n{"a":2}\n', [b'{"a":1}', b'{"a":2}']),
        (b'{"a":1}\r\n\n{"a":2}\r\n', [b'{"a":1}', b'{"a":2}']),
        (b'{"a":1}\n{"a":2}', [b'{"a":1}', b'{"a":2}']),
        (b'{"a":1}\n{"a":{"b":2}', [b'{"a":1}']),
        (b'{"a', []),
    ],
)
def test_lines_are_records_and_a_cut_one_is_not(tmp_path: Path, content: bytes, records: list[bytes]) -> None:
    path = tmp_path / "history.dat"
    path.write_bytes(content)
    journal = FileJournal(path)
    assert journal.span() == range(len(records))
    assert list(journal.read()) == records
    journal.append([b'{"new":1}'])
    assert list(journal.read()) == [*records, b'{"new":1}']
    assert path.read_bytes().endswith(b'\n{"new":1}\n' if records else b'{"new":1}\n')


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = FileJournal(tmp_path / "file" / "history.dat")
    with pytest.raises(LogRejected, match=r"history\.dat cannot be written"):
        journal.append([b"{}"])
    with pytest.raises(LogRejected, match=r"cannot be read"):
        FileJournal(tmp_path).span()
