"""EJSON against what the Java driver, Debezium and mongo-kafka print: tests/golden/ejson."""

import json
from pathlib import Path

import pytest

from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.ejson import BrokenDocument, Mode, writer
from tests.golden.ejson.corpus import array, document, element, int32, text
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
    "a name that is not UTF-8": (document(element(16, b"\xff", int32(1))), "\N{REPLACEMENT CHARACTER}", "utf-8"),
    "an unknown type": (document(element(99, "z", b"")), "z", "no BSON type 99"),
    "cut": (GOOD[:-4], "a", "ends too early"),
    "a wrong size": (b"\x63" + GOOD[1:], "", "size"),
    "bytes behind the end": (GOOD + b"\0", "", "size"),
    "a negative string": (document(element(2, "n", int32(-4) + b"\0")), "n", "does not end"),
    "a string beyond the end": (document(element(2, "n", int32(2**31 - 1) + b"\0")), "n", "too early"),
    "nothing": (b"", "", "too early"),
}  # fmt: skip


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
