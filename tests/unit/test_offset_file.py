from pathlib import Path

import pytest

from cdc.errors import LogError, LogRejected
from cdc.java_map import parse
from cdc.offset_file import OffsetFile

JAVA = Path(__file__).with_name("connect.offsets")  # written by ConnectOffsets.java
PG = b'["pg",{"server":"server1"}]'
PG_OFFSET = b'{"lsn":24023128,"txId":771,"ts_usec":1700000000000000}'


def test_a_standalone_connects_file_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "connect.offsets"
    path.write_bytes(JAVA.read_bytes())
    offsets = OffsetFile(path)
    assert offsets.get(PG) == PG_OFFSET
    assert offsets.get(b"same") == b"same", "a value that is a reference to its key"
    assert offsets.get(b'["gone",{"server":"s3"}]') is None
    assert len(list(offsets.items())) == 23
    offsets.put(PG, b"{}")
    again = OffsetFile(path)
    assert again.get(PG) == b"{}"
    assert again.get(b"k19") == b"v19"
    assert not path.read_bytes().startswith(b"\xac\xed")


def test_every_cut_of_a_java_file_is_noticed() -> None:
    data = JAVA.read_bytes()
    for length in range(len(data)):
        with pytest.raises(ValueError, match=r"ends early|expected"):
            parse(data[:length])


def test_two_handles_see_each_others_writes(tmp_path: Path) -> None:
    one, two = (OffsetFile(tmp_path / "deep" / "offsets") for _ in range(2))
    assert one.get(b"k") is None
    one.put(b"k", b"\0\xff\n")
    two.put(b"other", b"2")
    assert one.get(b"k") == two.get(b"k") == b"\0\xff\n"
    two.put_all({b"k": None, b"x": b"1", b"never": None})
    assert dict(one.items()) == {b"other": b"2", b"x": b"1"}
    one.close()


@pytest.mark.parametrize(
    "content", [b"nonsense\n", b'["a"]\n', b'["a","!"]\n', b"[1,2]\n", b"\xac\xed\x00\x05sr"]
)
def test_another_file_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    offsets = OffsetFile(path)
    with pytest.raises(LogRejected, match="is no offset file"):
        offsets.get(b"k")
    with pytest.raises(LogRejected):
        offsets.put(b"k", b"v")
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogRejected, match="cannot be written"):
        OffsetFile(tmp_path / "file" / "offsets").put(b"k", b"v")
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(LogError, match="Is a directory"):
        OffsetFile(path).put(b"k", b"v")
