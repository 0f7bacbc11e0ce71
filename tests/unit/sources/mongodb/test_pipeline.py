"""The change stream's pipeline."""

import json
from typing import Any

import pytest
from bson import ObjectId

from cdc.sources.mongodb.captured import CaptureRules
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.oversize import OVERSIZE, can_split
from cdc.sources.mongodb.pipeline import pipeline, stream_options

MINIMAL = {"mongodb.connection.string": "mongodb://h/", "topic.prefix": "p"}
ALL = ["insert", "update", "replace", "delete"]


def config(**options: str) -> MongoConfig:
    return MongoConfig({**MINIMAL, **{name.replace("_", "."): value for name, value in options.items()}})


def match(options: dict[str, str]) -> Any:
    return pipeline(MongoConfig({**MINIMAL, **options}), can_split=True)[0]["$match"]


def anchored(text: str) -> dict[str, str]:
    return {"$regex": f"^(?:{text})$", "$options": "i"}


def whole(text: str) -> dict[str, Any]:
    concat = {"$concat": ["$ns.db", ".", "$ns.coll"]}
    return {"$expr": {"$regexMatch": {"input": concat, "options": "i", "regex": f"^(?:{text})$"}}}


def test_without_filters_only_data_comes() -> None:
    assert match({}) == {"operationType": {"$in": ALL}}


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        ("db.coll", {"ns.db": anchored("db"), "ns.coll": anchored("coll")}),
        (r"db\.coll", {"ns.db": anchored("db"), "ns.coll": anchored("coll")}),
        (r"db\..*", {"ns.db": anchored("db"), "ns.coll": anchored(".*")}),
        (r"db\.(a|b)", {"ns.db": anchored("db"), "ns.coll": anchored("(a|b)")}),
        (r"db\.a\|b", {"ns.db": anchored("db"), "ns.coll": anchored(r"a\|b")}),
        (r"db\.a.b", {"ns.db": anchored("db"), "ns.coll": anchored("a.b")}),
        ("db.*", whole("db.*")),
        ("db.a.b", whole("db.a.b")),
        (r"db\.a|x\.b", whole(r"db\.a|x\.b")),
        (r"db\.*", whole(r"db\.*")),
        ("d.*", whole("d.*")),
    ],
)
def test_patterns_become_filters_that_servers_can_use(pattern: str, condition: Any) -> None:
    assert match({"collection.include.list": pattern})["$and"][0] == condition
    assert match({"collection.exclude.list": pattern})["$and"][0] == {"$nor": [condition]}


def test_several_entries() -> None:
    found = match({"database.exclude.list": "a,b", "collection.include.list": "c.d,e.f"})
    assert found["$and"] == [
        {"$nor": [{"ns.db": anchored("a")}, {"ns.db": anchored("b")}]},
        {
            "$or": [
                {"ns.db": anchored(db), "ns.coll": anchored(coll)} for db, coll in (("c", "d"), ("e", "f"))
            ]
        },
        {"operationType": {"$in": ALL}},
    ]


def test_literal_names() -> None:
    literal = {"filters.match.mode": "literal"}
    found = match({**literal, "collection.include.list": "db.a,db.b.c"})
    assert found["$and"][0] == {"ns": {"$in": [{"db": "db", "coll": "a"}, {"db": "db", "coll": "b.c"}]}}
    found = match({**literal, "database.exclude.list": "x"})
    assert found["$and"][0] == {"$nor": [{"ns.db": {"$in": ["x"]}}]}


@pytest.mark.parametrize(
    ("skipped", "kept"),
    [("none", ALL), ("t", ALL), ("c", ALL[1:]), ("u", ["insert", "delete"]), ("d,c", ["update", "replace"])],
)
def test_skipped_operations_are_not_sent(skipped: str, kept: list[str]) -> None:
    assert match({"skipped.operations": skipped}) == {"operationType": {"$in": kept}}


def test_the_end_of_a_narrower_stream_is_seen() -> None:
    found = match({"capture.scope": "collection", "capture.target": "db.c"})
    assert found == {"operationType": {"$in": [*ALL, "invalidate"]}}


USER = [{"$match": {"fullDocument.x": 1}}]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("internal_first", ["$match", "$match", "$set"]),
        ("user_first", ["$match"] * 2 + ["$set"]),
        ("user_only", ["$match", "$set"]),
    ],
)
def test_the_users_stages_have_their_place(order: str, expected: list[str]) -> None:
    found = pipeline(config(cursor_pipeline=json.dumps(USER), cursor_pipeline_order=order), can_split=False)
    assert [next(iter(stage)) for stage in found] == expected
    assert found.index(USER[0]) == (1 if order == "internal_first" else 0)


def test_oversize() -> None:
    def last(mode: str, *, split: bool) -> Any:
        return pipeline(config(cursor_oversize_handling_mode=mode), can_split=split)[-1]

    assert last("split", split=False) == {"$changeStreamSplitLargeEvent": {}}
    assert last("auto", split=True) == {"$changeStreamSplitLargeEvent": {}}
    assert OVERSIZE in last("auto", split=False)["$set"]
    assert "$match" in last("fail", split=True)
    skip = pipeline(
        config(cursor_oversize_handling_mode="skip", cursor_oversize_skip_threshold="9"), can_split=True
    )
    sizes = [condition["$expr"]["$lte"] for condition in skip[0]["$match"]["$and"]]
    assert sizes == [[{"$bsonSize": "$fullDocument"}, 9], [{"$bsonSize": "$fullDocumentBeforeChange"}, 9]]


@pytest.mark.parametrize(
    ("version", "able"),
    [
        ((5, 0, 31), False),
        ((6, 0, 8), False),
        ((6, 0, 9), True),
        ((6, 3, 1), False),
        ((7, 0, 0), True),
        ((8, 2), True),
    ],
)
def test_which_servers_can_split(version: tuple[int, ...], able: bool) -> None:
    assert can_split(version) is able


def unset(options: dict[str, str]) -> list[str]:
    stages = pipeline(MongoConfig({**MINIMAL, **options}), can_split=True)
    return next((stage["$unset"] for stage in stages if "$unset" in stage), [])


ONE = {"capture.scope": "collection", "capture.target": "hub.confirmed"}


def test_excluded_fields_stay_on_the_server() -> None:
    found = unset({**ONE, "field.exclude.list": "hub.confirmed._diff"})
    assert found == ["fullDocument._diff", "updateDescription.updatedFields._diff"]
    images = {"capture.mode": "change_streams_with_pre_image"}
    assert "fullDocumentBeforeChange._diff" in unset({**ONE, **images, "field.exclude.list": "hub.*._diff"})


@pytest.mark.parametrize(
    "options",
    [
        {"field.exclude.list": "hub.confirmed._diff"},
        {**ONE, "field.exclude.list": "hub.other._diff"},
        {**ONE, "field.exclude.list": "hub.confirmed.a.b"},
        {**ONE, "field.exclude.list": "hub.confirmed._id"},
        {**ONE, "field.exclude.list": "hub.confirmed.$x"},
        {
            "filters.match.mode": "literal",
            "collection.include.list": "hub.confirmed,hub.b",
            "field.exclude.list": "hub.confirmed.a",
        },
    ],
)
def test_where_the_server_would_do_something_else_it_is_not_asked(options: dict[str, str]) -> None:
    assert unset(options) == []


def test_what_events_hold() -> None:
    def options(mode: str, update: str = "lookup") -> dict[str, str]:
        return stream_options(
            MongoConfig({**MINIMAL, "capture.mode": mode, "capture.mode.full.update.type": update})
        )

    assert options("change_streams") == {}
    assert options("change_streams_update_full") == {"full_document": "updateLookup"}
    assert options("change_streams_update_full", "post_image") == {"full_document": "whenAvailable"}
    assert options("change_streams_with_pre_image") == {"full_document_before_change": "whenAvailable"}
    assert len(options("change_streams_update_full_with_pre_image")) == 2


def test_what_is_never_captured() -> None:
    rules = CaptureRules(config())
    assert rules.wants("db", "c")
    assert not rules.wants("admin", "c")
    assert not rules.wants("db", "system.views")


def test_the_scope_bounds_what_is_captured() -> None:
    rules = CaptureRules(config(capture_scope="database", capture_target="db"))
    assert (rules.wants("db", "c"), rules.wants("other", "c")) == (True, False)
    rules = CaptureRules(config(capture_scope="collection", capture_target="db.c"))
    assert (rules.wants("db", "c"), rules.wants("db", "d")) == (True, False)


def test_stages_may_be_written_as_in_the_shell() -> None:
    stage = "[{$match: {'fullDocument._id': ObjectId('596e275826f08b2730779e1f'), n: {'$numberLong': '5'}}}]"
    found = pipeline(config(cursor_pipeline=stage, cursor_pipeline_order="user_only"), can_split=False)[0]
    assert found["$match"] == {"fullDocument._id": ObjectId("596e275826f08b2730779e1f"), "n": 5}
