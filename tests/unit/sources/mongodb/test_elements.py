"""Elements of documents by position."""

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdc.sources.mongodb.elements import documents, elements, find, members
from tests.golden.ejson.corpus import cases

CORPUS = dict(cases())


@pytest.mark.parametrize("name", CORPUS)
def test_every_type_has_its_size(name: str) -> None:
    data = CORPUS[name]
    found = list(elements(data))
    starts = [element.start for element in found] + [len(data) - 1]
    assert [element.stop for element in found] == starts[1:] or not found
    assert members(data) == {element.name: (element.value, element.stop) for element in found}
    assert members(b"xyz" + data, 3).keys() == members(data).keys()


def test_a_member_is_found_by_name() -> None:
    data = bson.encode({"a": 1, "b": {"a": "x"}, "c": None})
    inner = find(data, b"b")
    assert inner is not None
    assert bson.decode(data[inner.value : inner.stop]) == {"a": "x"}
    assert find(data, b"d") is None


@given(
    st.lists(
        st.dictionaries(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.integers(-9, 9)),
        max_size=30,
    )
)
def test_a_batch_falls_into_its_documents(batch: list[dict[str, int]]) -> None:
    data = bson.encode({"": batch})
    array = find(data, b"")
    assert array is not None
    octets = data[array.value : array.stop]
    assert [bson.decode(octets[start:stop]) for start, stop in documents(octets)] == batch


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="no BSON type 99"):
        members(b"\x08\0\0\0\x63a\0\0")
