"""Rows kept by column: they are the rows that they stand for, and stay columns where they can."""

import pytest

from cdc.batch import Encoded, text_bytes
from cdc.columns import CellColumns, Spliced, StructColumns, frame_of

FRAME = (b'{"id":', b',"n":', b"}")
SPLICED = Spliced(FRAME, [b"1\n2\n3", b'"a"\nnull\n""'], 3)
TEXTS = [b'{"id":1,"n":"a"}', b'{"id":2,"n":null}', b'{"id":3,"n":""}']


def test_texts_in_a_frame() -> None:
    assert list(SPLICED) == TEXTS
    assert (SPLICED[0], SPLICED[-1], len(SPLICED)) == (TEXTS[0], TEXTS[2], 3)
    assert TEXTS[1] in SPLICED
    assert None not in SPLICED
    assert text_bytes(SPLICED) == text_bytes(TEXTS) == text_bytes([*TEXTS, None])
    assert list(SPLICED.wrapped(b"<", b">")) == [b"<%b>" % text for text in TEXTS]


@pytest.mark.parametrize("at", [slice(1, 2), slice(1, None), slice(0, 3), slice(None, None, -1)])
def test_parts_and_sums_stay_columns(at: slice) -> None:
    part = SPLICED[at]
    assert isinstance(part, Spliced)
    assert list(part) == TEXTS[at]
    assert list(part + SPLICED) == TEXTS[at] + TEXTS
    assert frame_of(part + SPLICED) == FRAME


def test_texts_without_cells() -> None:
    empty = Spliced((b"{}",), [], 2)
    assert (list(empty), empty.size) == ([b"{}", b"{}"], 4)
    assert list(empty.wrapped(b"<", b">")) == [b"<{}>"] * 2
    assert list(empty + empty) == [b"{}"] * 4


def test_whole_records() -> None:
    encoded = Encoded("t", SPLICED, SPLICED, (b"(", b")"), (b"", b""))
    assert list(encoded.whole()) == [(b"(%b)" % text, text) for text in TEXTS]
    assert list(encoded.select([2, 0]).values) == [TEXTS[2], TEXTS[0]]


def test_structs() -> None:
    structs = StructColumns(("id", "n"), [[1, 2, 3], ["a", None, ""]], 3)
    rows = [{"id": 1, "n": "a"}, {"id": 2, "n": None}, {"id": 3, "n": ""}]
    assert list(structs) == rows
    assert list(structs[1:]) == rows[1:]
    assert structs[1:].column("n") == [None, ""]
    assert structs.count(None) == 0
    with pytest.raises(KeyError):
        structs.column("other")
    assert list(StructColumns((), [], 2)) == [{}, {}]


def test_rows_are_made_once_and_only_when_asked() -> None:
    made = []

    def make(columns: object, count: int) -> list[int]:
        made.append(count)
        return list(range(count))

    cells = CellColumns([["x", "y", "z"]], 3, make)
    assert (len(cells), made) == (3, [])
    assert (cells[1], list(cells), made) == (1, [0, 1, 2], [3])
    assert cells[:2].columns == [["x", "y"]]
