"""Every BSON type on its way through a server, in snapshot and stream: as the Java driver prints it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from tests.golden.ejson.corpus import document, element, int32
from tests.golden.ejson.record import RECORDED
from tests.integration.mongodb.capture import MongoCapture, database
from tests.servers.mongodb import MongoServer

CASES = {
    number: json.loads(line) for number, line in enumerate(Path(RECORDED).read_text("utf-8").splitlines())
}

CHANGED_BY_THE_STAND_IN = {"date", "dbpointer", "key: symbol", "regex", "symbol", "undefined"}
"""What the server of the tests keeps as something else (dates: those that Python has none for)."""


@pytest.fixture
def db(mongodb: MongoServer) -> Iterator[Any]:
    """Yield a database that is dropped at the end."""
    with database(mongodb) as found:
        yield found


def wrapped(case: dict[str, str], number: int) -> bytes:
    return document(element(16, "_id", int32(number)), element(3, "v", bytes.fromhex(case["bson"])))


def inserted(db: Any) -> set[int]:
    """Insert the documents of all cases, each in one of its own; return those that stay as they are."""
    kept = set()
    raw = db.c.with_options(CodecOptions(RawBSONDocument))
    for number, case in CASES.items():
        with suppress(PyMongoError):
            raw.insert_one(RawBSONDocument(wrapped(case, number)))
            if raw.find_one({"_id": number}).raw == wrapped(case, number):
                kept.add(number)
            else:
                raw.delete_one({"_id": number})
    return kept


def told(found: MongoCapture) -> dict[int, str]:
    return {int(event.key["id"]): event.value["after"] for event in found.events("c", "rc")}


def test_all_types(mongodb: MongoServer, db: Any) -> None:
    found = MongoCapture(mongodb, db.name, snapshot_mode="no_data")
    with found.running():
        kept = inserted(db)
        found.until(lambda: kept <= told(found).keys(), "the stream")
    assert {CASES[number]["name"] for number in CASES.keys() - kept} <= CHANGED_BY_THE_STAND_IN
    expected = {number: f'{{"_id": {number},"v": {CASES[number]["legacy"]}}}' for number in kept}
    assert {number: text for number, text in told(found).items() if number in kept} == expected
    snapshot = MongoCapture(mongodb, db.name, snapshot_mode="initial_only")
    snapshot.finish()
    assert told(snapshot) == expected
