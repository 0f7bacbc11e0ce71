"""The server and our own rules choose the same events, and what is left out is not sent."""

from typing import Any

import bson
import pytest

from cdc.sources.mongodb.captured import CaptureRules
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.fields import FieldEdits
from cdc.sources.mongodb.pipeline import pipeline, stream_options
from tests.servers.mongodb import MongoServer

COLLECTIONS = ("a", "ab", "b", "b.c", "A", "x|y", "other")
FILTERS: list[dict[str, str]] = [
    {},
    {"collection.include.list": "DB.a"},
    {"collection.include.list": r"DB\.a,DB\.b\.c"},
    {"collection.include.list": r"DB\.(a|b)"},
    {"collection.include.list": "DB.*"},
    {"collection.include.list": r"nothing\.a|DB\.b"},
    {"collection.include.list": r"DB\.\Qx|y\E"},
    {"collection.exclude.list": "DB.a"},
    {"collection.exclude.list": r".*\.b,DB.other"},
    {"database.include.list": "DB"},
    {"database.include.list": "nothing"},
    {"database.exclude.list": "DB"},
    {"database.exclude.list": "nothing", "collection.include.list": ".*b.*"},
    {"filters.match.mode": "literal", "collection.include.list": "DB.a,DB.b.c"},
    {"filters.match.mode": "literal", "collection.exclude.list": "DB.a,DB.x|y"},
    {"filters.match.mode": "literal", "database.exclude.list": "DB"},
]


def config(options: dict[str, str], database: str, server: MongoServer) -> MongoConfig:
    options = {name: value.replace("DB", database) for name, value in options.items()}
    return MongoConfig({"mongodb.connection.string": server.url(), "topic.prefix": "p", **options})


def changes(stream: Any) -> list[dict[str, Any]]:
    return list(iter(stream.try_next, None))


@pytest.mark.parametrize("options", FILTERS, ids=str)
def test_the_server_chooses_as_we_do(mongodb: MongoServer, options: dict[str, str]) -> None:
    name = mongodb.database_name()
    rules = CaptureRules(found := config(options, name, mongodb))
    with mongodb.client() as client:
        with client.watch(pipeline(found, can_split=True), max_await_time_ms=100) as stream:
            for collection in COLLECTIONS:
                client[name][collection].insert_one({"_id": 1})
            sent = {change["ns"]["coll"] for change in changes(stream) if change["ns"]["db"] == name}
        client.drop_database(name)
    assert sent == {collection for collection in COLLECTIONS if rules.wants(name, collection)}


def test_skipped_operations_are_not_sent(mongodb: MongoServer) -> None:
    name = mongodb.database_name()
    found = config({"skipped.operations": "c,d", "database.include.list": "DB"}, name, mongodb)
    with (
        mongodb.client() as client,
        client.watch(pipeline(found, can_split=True), max_await_time_ms=100) as stream,
    ):
        c = client[name].c
        c.insert_one({"_id": 1})
        c.update_one({"_id": 1}, {"$set": {"a": 1}})
        c.replace_one({"_id": 1}, {"b": 1})
        c.delete_one({"_id": 1})
        assert [change["operationType"] for change in changes(stream)] == ["update", "replace"]


def test_excluded_fields_are_not_sent_and_nothing_else_changes(mongodb: MongoServer) -> None:
    name = mongodb.database_name()
    options = {"capture.scope": "collection", "capture.target": "DB.c", "field.exclude.list": "DB.c.secret"}
    found = config(options, name, mongodb)
    edits = FieldEdits.of(found.field_exclude, f"{name}.c")
    assert edits is not None
    with mongodb.client() as client:
        c = client[name].c
        plain = c.watch(**stream_options(found), max_await_time_ms=100)
        narrow = c.watch(pipeline(found, can_split=True), **stream_options(found), max_await_time_ms=100)
        c.insert_one({"_id": 1, "secret": "x" * 10_000, "d": {"secret": 1}, "l": [{"secret": 1}]})
        c.update_one({"_id": 1}, {"$set": {"secret": "y", "d.secret": 2, "k": 1}})
        c.insert_one({"_id": 2})
        c.delete_one({"_id": 1})
        everything, sent = changes(plain), changes(narrow)
    for whole, less in zip(everything, sent, strict=True):
        if "fullDocument" in whole and whole["fullDocument"] is not None:
            cut = bson.decode(edits.document(bson.encode(whole["fullDocument"])))
            assert cut == less["fullDocument"]
        if "updateDescription" in whole:
            fields = edits.updated_fields(bson.encode(whole["updateDescription"]["updatedFields"]))
            assert bson.decode(fields) == less["updateDescription"]["updatedFields"]
        assert whole["documentKey"] == less["documentKey"]
    bytes_sent, bytes_whole = (sum(len(bson.encode(change)) for change in one) for one in (sent, everything))
    assert bytes_sent < bytes_whole / 2


def test_large_events_come_cut_where_they_cannot_be_split(mongodb: MongoServer) -> None:
    name = mongodb.database_name()
    found = config({"database.include.list": "DB"}, name, mongodb)
    stages = pipeline(found, can_split=False)
    with mongodb.client() as client:
        with client.watch(stages, **stream_options(found), max_await_time_ms=100) as stream:
            client[name].c.insert_one({"_id": 1, "x": "x" * 15_000_000})
            client[name].c.update_one({"_id": 1}, {"$set": {"x": "y" * 15_000_000}})
            inserted, updated = changes(stream)
        client.drop_database(name)
    assert "oversize" not in inserted
    assert len(inserted["fullDocument"]["x"]) == 15_000_000
    assert updated["oversize"] > 30_000_000
    assert not {"fullDocument", "updateDescription"} & set(updated)
    assert updated["documentKey"] == {"_id": 1}
