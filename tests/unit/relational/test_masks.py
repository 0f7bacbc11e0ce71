"""Masks over any wire form: here over one that is not the text itself."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from cdc.relational.column_type import ColumnType, function
from cdc.relational.config import RelationalConfig
from cdc.relational.masks import Hash, Mask, Stars, Truncate, masks
from schemas import connect
from schemas.table import Codec

# An ENUM as a binary log has it: a number; the labels come from the table.
LABELS = ("", "klein", "größer")
VIEWS = tuple(label.encode().decode("latin-1") for label in LABELS)
NUMBERED = ColumnType(
    connect.STRING,
    Codec("labels[v]", "'\"' + views[v] + '\"'", {"labels": LABELS, "views": VIEWS}),
    "",
    "?",
    character=True,
    text="views[v]",
)


def both(mask: Mask, wire: Any) -> tuple[Any, Any]:
    codec = mask.apply(NUMBERED).codec
    assert codec.json is not None
    return function(codec.value, codec.scope)(wire), function(codec.json, codec.scope)(wire)


@pytest.mark.parametrize("number", [1, 2])
def test_a_hash_is_of_the_texts_octets_not_of_the_wire(number: int) -> None:
    digest = hashlib.sha256(b"salt" + LABELS[number].encode()).hexdigest()
    assert both(Hash("SHA-256", "salt"), number) == (digest, f'"{digest}"')


def test_truncation_is_of_the_value() -> None:
    assert both(Truncate(3), 2) == ("grö", '"grö"'.encode().decode("latin-1"))


def test_stars_ask_the_wire_nothing() -> None:
    assert both(Stars(2), object()) == ("**", '"**"')


def test_an_array_is_made_anew_around_masked_elements() -> None:
    def array(item: ColumnType) -> ColumnType:
        value = function(item.codec.value, item.codec.scope)
        codec = Codec("each(v)", None, {"each": lambda v: [value(one) for one in v]})
        return ColumnType(connect.array(item.schema), codec, [], [], character=True, items=item, of=array)

    masked = Stars(1).apply(array(NUMBERED))
    assert function(masked.codec.value, masked.codec.scope)([1, 2]) == ["*", "*"]
    assert masked.schema.parameter("masked") == "true"


def test_the_mappers_of_a_config_stand_in_debeziums_order() -> None:
    config = RelationalConfig(
        {
            "topic.prefix": "p",
            "column.mask.hash.v2.MD5.with.salt.a.b": "d.t.h",
            "column.mask.hash.SHA-1.with.salt.s": "d.t.o",
            "column.truncate.to.3.chars": "d.t.c",
            "column.mask.with.4.chars": "d.t.s,d.u.s",
        }
    )
    found = [(mask, [pattern.pattern for pattern in patterns]) for patterns, mask in masks(config)]
    assert found == [
        (Stars(4), ["d.t.s", "d.u.s"]),
        (Truncate(3), ["d.t.c"]),
        (Hash("MD5", "a.b", 2), ["d.t.h"]),
        (Hash("SHA-1", "s", 1), ["d.t.o"]),
    ]
