"""EJSON against what the Java driver, Debezium and mongo-kafka print: tests/golden/ejson."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.ejson import BrokenDocument, Mode, Write, writer
from tests.golden.ejson.corpus import array, binary, document, double, element, int32, int64, text
from tests.golden.ejson.record import RECORDED

MODES: dict[str, Mode] = {
    "legacy": ejson.LEGACY,
    "relaxed": ejson.RELAXED,
    "extended": ejson.EXTENDED,
    "updated_fields": ejson.UPDATED_FIELDS,
    "DefaultJson": ejson.DEFAULT_JSON,
    "ExtendedJson": ejson.EXTENDED_JSON,
    "SimplifiedJson": ejson.SIMPLIFIED_JSON,
}
CASES = [json.loads(line) for line in Path(RECORDED).read_text().splitlines()]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_text_is_the_java_drivers(case: dict[str, str], mode: str) -> None:
    assert writer(MODES[mode])(bytes.fromhex(case["bson"])) == case[mode]


def test_duplicate_keys_stay() -> None:
    twice = document(element(16, "a", int32(1)), element(16, "a", int32(2)))
    assert writer(ejson.LEGACY)(twice) == '{"a": 1,"a": 2}'


GOOD = document(element(2, "a", text("x")))
BROKEN = {
    "text that is not UTF-8": (document(element(2, "s", text(b"\xff\xfe"))), "s", "utf-8"),
    "inside an array": (
        document(element(3, "d", document(element(4, "l", array((16, int32(1)), (2, text(b"\xc3"))))))),
        "d.l.1",
        "utf-8",
    ),
    "a surrogate": (document(element(2, "s", text(b"\xed\xa0\x80"))), "s", "utf-8"),
    "a name that is not UTF-8": (
        document(element(16, b"\xff", int32(1))),
        "\N{REPLACEMENT CHARACTER}",
        "utf-8",
    ),
    "an unknown type": (document(element(99, "z", b"")), "z", "no BSON type 99"),
    "cut": (GOOD[:-4], "a", "ends too early"),
    "a wrong size": (b"\x63" + GOOD[1:], "", "size"),
    "bytes behind the end": (GOOD + b"\0", "", "size"),
    "a negative string": (document(element(2, "n", int32(-4) + b"\0")), "n", "does not end"),
    "a string beyond the end": (document(element(2, "n", int32(2**31 - 1) + b"\0")), "n", "too early"),
    "nothing": (b"", "", "too early"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_says_where(name: str) -> None:
    octets, path, reason = BROKEN[name]
    with pytest.raises(BrokenDocument, match=reason) as caught:
        writer(ejson.LEGACY)(octets)
    assert caught.value.path == path


def test_nesting_is_bounded() -> None:
    inner = document()
    for _ in range(1000):
        inner = document(element(3, "d", inner))
    with pytest.raises(BrokenDocument, match="nested too deep"):
        writer(ejson.LEGACY)(inner)


def test_a_thousand_names_later_the_text_is_the_same() -> None:
    write = writer(ejson.LEGACY)
    for i in range(25_000):
        name = f"n{i}"
        assert write(document(element(16, name, int32(i)))) == f'{{"{name}": {i}}}'


def a_general(mode: Mode) -> Write:
    """Return a writer that has not seen anything, each time it is called."""
    return lambda octets: writer(mode)(octets)


@pytest.mark.parametrize("mode", MODES)
def test_a_known_shape_gives_the_same_text(mode: str) -> None:
    write = writer(MODES[mode])
    for case in CASES * 2:
        octets = bytes.fromhex(case["bson"])
        write(octets)
        assert write(octets) == case[mode], case["name"]


VALUES = st.one_of(
    st.sampled_from([(10, b""), (255, b""), (6, b""), (8, b"\0"), (8, b"\1")]),
    st.text(st.characters(exclude_categories=["Cs"])).map(lambda value: (2, text(value))),
    st.integers(-(2**31), 2**31 - 1).map(lambda value: (16, int32(value))),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: (18, int64(value))),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: (9, int64(value))),
    st.floats().map(lambda value: (1, double(value))),
    st.binary(min_size=12, max_size=12).map(lambda value: (7, value)),
    st.binary(min_size=16, max_size=16).map(lambda value: (19, value)),
    st.binary(min_size=8, max_size=8).map(lambda value: (17, value)),
    st.binary().map(lambda value: (5, binary(0, value))),
)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def _documents(values: st.SearchStrategy[tuple[int, bytes]]) -> st.SearchStrategy[bytes]:
    elements = st.tuples(NAMES, values).map(lambda named: element(named[1][0], named[0], named[1][1]))
    return st.lists(elements, max_size=8).map(lambda found: document(*found))


DOCUMENTS = _documents(
    st.recursive(
        VALUES,
        lambda inner: (
            _documents(inner).map(lambda octets: (3, octets)) | st.lists(inner).map(lambda v: (4, array(*v)))
        ),
        max_leaves=12,
    )
)


@given(st.lists(DOCUMENTS, min_size=1, max_size=12))
def test_what_a_writer_saw_before_does_not_matter(documents: list[bytes]) -> None:
    write = writer(ejson.RELAXED)
    for octets in documents + documents:
        assert write(octets) == a_general(ejson.RELAXED)(octets)


@given(DOCUMENTS, st.data())
def test_a_damaged_document_is_refused_or_read_alike(octets: bytes, data: st.DataObject) -> None:
    write = writer(ejson.LEGACY)
    write(octets)
    place = data.draw(st.integers(0, len(octets) - 1))
    damaged = octets[:place] + bytes([data.draw(st.integers(0, 255))]) + octets[place + 1 :]
    try:
        expected = a_general(ejson.LEGACY)(damaged)
    except BrokenDocument:
        with contextlib.suppress(BrokenDocument):  # a known shape does not look at sizes of sub-documents
            write(damaged)
    else:
        assert write(damaged) == expected


def test_documents_of_many_shapes() -> None:
    write = writer(ejson.LEGACY)
    for i in range(2000):
        fields = [j for j in range(12) if i >> j & 1]
        octets = document(*(element(16, f"f{j}", int32(j)) for j in fields))
        assert write(octets) == "{" + ",".join(f'"f{j}": {j}' for j in fields) + "}"
