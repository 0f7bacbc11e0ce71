"""Field exclusions and renames against Debezium's FieldSelector: tests/golden/ejson/fields.jsonl."""

import json
from typing import Any

import bson
import pytest

from cdc.sources.mongodb.ejson import UPDATED_FIELDS, writer
from cdc.sources.mongodb.fields import FieldClash, FieldEdits, parse_exclusions, parse_renames
from tests.golden.ejson.corpus import document, element, int32
from tests.golden.ejson.record import FIELDS

CASES = [json.loads(line) for line in FIELDS.read_text().splitlines()]


def _id(case: dict[str, Any]) -> str:
    return " ".join(str(case[name]) for name in case if name not in ("debezium", "ours"))


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_edits_are_debeziums(case: dict[str, Any]) -> None:
    paths = parse_exclusions(case.get("exclude", "")) + parse_renames(case.get("renames", ""))
    edits = FieldEdits.of(paths, "db.c") or FieldEdits(())
    found: dict[str, Any] = {}
    write = writer(UPDATED_FIELDS)
    try:
        if "document" in case:
            found["document"] = json.loads(write(edits.document(bson.encode(case["document"]))))
        if "updated" in case:
            found["updated"] = json.loads(write(edits.updated_fields(bson.encode(case["updated"]))))
        if "names" in case:
            found["names"] = list(map(edits.name, case["names"]))
    except FieldClash as clash:
        found["error"] = clash.message
    assert json.dumps(found) == json.dumps(case.get("ours", case["debezium"]))


def test_all_of_a_duplicate_key_goes() -> None:
    twice = document(*(element(16, name, int32(1)) for name in ("a", "b", "a")))
    (path,) = parse_exclusions("db.c.a")
    assert FieldEdits([path]).document(twice) == document(element(16, "b", int32(1)))


def test_what_has_no_such_field_stays_as_it_is() -> None:
    data = bson.encode({"x": 1, "text": "a"})
    assert FieldEdits(parse_exclusions("db.c.absent")).document(data) is data


@pytest.mark.parametrize("text", ["a", "db.c", "db..a", "db.c.", ".c.a"])
def test_an_exclusion_names_database_collection_and_field(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid format"):
        parse_exclusions(text)


@pytest.mark.parametrize("text", ["db.c.a", "db.c.a:", "db.c.a:b:c", "db.c:b"])
def test_a_rename_has_a_new_name(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid format"):
        parse_renames(text)
