"""The source against a scripted server: what the server of the other tests does not do as mongod."""

import json
from base64 import b64decode
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from cdc.errors import PositionLost, UnsupportedValue
from tests.integration.capture import logged
from tests.integration.mongodb.capture import MongoCapture
from tests.integration.mongodb.test_scripted import event
from tests.servers.scripted_mongo import (
    CURSOR_NOT_FOUND,
    HISTORY_LOST,
    TOO_LARGE,
    ScriptedMongo,
    ScriptedServer,
)


class ScriptedCapture(MongoCapture):
    """A connector on a scripted replica set."""

    def __init__(self, nodes: list[ScriptedMongo], **options: str):
        server: Any = ScriptedServer(nodes)
        super().__init__(server, "db", **{"snapshot_mode": "no_data", **options})

    def numbers(self) -> list[Any]:
        """Return `n` of every new document."""
        found = [json.loads(one.value["after"]) for one in self.events("c") if one.value["after"]]
        return [one["n"] for one in found]


def test_an_election(nodes: list[ScriptedMongo]) -> None:
    old, new = nodes
    found = ScriptedCapture(nodes)
    with found.running():
        old.oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
        old.step_down(new)
        old.oplog.add(event(2))
        found.until(lambda: found.numbers() == [1, 2])
    assert any("aggregate" in command for command in new.seen)
    assert found.metrics.values["NumberOfDisconnects"] >= 1
    assert found.metrics.values["NumberOfPrimaryElections"] == 1


def test_a_read_preference_is_told_to_have_no_effect(nodes: list[ScriptedMongo]) -> None:
    address = f"{nodes[0].url}&readPreference=secondary"
    with logged() as messages:
        found = ScriptedCapture(nodes, mongodb_connection_string=address)
        with found.running():
            nodes[0].oplog.add(event(1))
            found.until(lambda: found.numbers() == [1])
    assert any("readPreference=secondary of mongodb.connection.string" in message for message in messages)
    assert not nodes[1].seen


def test_a_cursor_that_is_gone(nodes: list[ScriptedMongo]) -> None:
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].fail("getMore", CURSOR_NOT_FOUND)
        nodes[0].oplog.add(event(1), event(2))
        found.until(lambda: found.numbers() == [1, 2])


def test_a_token_that_falls_off_the_oplog_while_streaming(nodes: list[ScriptedMongo]) -> None:
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
    nodes[0].oplog.forgotten = bson.Timestamp(1_800_000_000, 0)
    error = found.failure()
    assert isinstance(error, PositionLost)
    assert "replSetResizeOplog" in (error.hint or "")
    nodes[0].oplog.forgotten = bson.Timestamp(0, 0)
    nodes[0].fail("getMore", HISTORY_LOST)
    error = found.failure()
    assert isinstance(error, PositionLost)
    assert not error.retry


def test_a_token_that_is_lost_while_streaming_is_a_new_start_under_when_needed(
    nodes: list[ScriptedMongo],
) -> None:
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
    found.options["snapshot.mode"] = "when_needed"
    nodes[0].fail("getMore", HISTORY_LOST)
    error = found.failure()
    assert isinstance(error, PositionLost)
    assert error.retry
    nodes[0].oplog.forgotten = bson.Timestamp(1_800_000_000, 0)
    with logged() as messages, found.running():
        found.until(lambda: any("taking a new snapshot" in message for message in messages))


def test_a_start_at_an_operation_time(nodes: list[ScriptedMongo]) -> None:
    nodes[0].oplog.add(event(1), event(2), event(3))
    time = (1_700_000_000 + 2) << 32
    found = ScriptedCapture(nodes, capture_start_op_time=str(time))
    with found.running():
        found.until(lambda: found.numbers() == [2, 3])


def test_an_event_that_is_too_large_names_the_option(nodes: list[ScriptedMongo]) -> None:
    nodes[0].fail("getMore", TOO_LARGE)
    error = ScriptedCapture(nodes, cursor_oversize_handling_mode="fail").failure()
    assert isinstance(error, UnsupportedValue)
    assert "cursor.oversize.handling.mode=split" in (error.hint or "")


def test_fragments_are_one_event(nodes: list[ScriptedMongo]) -> None:
    whole = event(1, operationType="update", updateDescription={"updatedFields": {"n": 1}})
    first = {name: whole[name] for name in ("operationType", "clusterTime", "ns", "documentKey")}
    token = {"_data": whole["_id"]["_data"] + "01"}
    fragments = [
        {"_id": whole["_id"], "splitEvent": {"fragment": 1, "of": 2}, **first},
        {
            "_id": token,
            "splitEvent": {"fragment": 2, "of": 2},
            "clusterTime": whole["clusterTime"],
            "fullDocument": whole["fullDocument"],
            "updateDescription": whole["updateDescription"],
        },
    ]
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(*fragments)
        nodes[0].oplog.add(event(2))
        found.until(lambda: found.numbers() == [1, 2])
    (update,) = found.events("c", "u")
    assert update.value["updateDescription"]["updatedFields"] == '{"n": 1}'
    (asked,) = (command["pipeline"] for command in nodes[0].seen if "aggregate" in command)
    assert asked[-1] == {"$changeStreamSplitLargeEvent": {}}


def _fragments(number: int) -> list[dict[str, Any]]:
    whole = event(number)
    common = {name: whole[name] for name in ("operationType", "clusterTime", "ns", "documentKey")}
    return [
        {"_id": whole["_id"], "splitEvent": {"fragment": 1, "of": 2}, **common},
        {
            "_id": {"_data": whole["_id"]["_data"] + "01"},
            "splitEvent": {"fragment": 2, "of": 2},
            "clusterTime": whole["clusterTime"],
            "fullDocument": whole["fullDocument"],
        },
    ]


def test_the_offset_stays_before_an_event_of_which_fragments_are_missing(nodes: list[ScriptedMongo]) -> None:
    first, second = _fragments(2)
    found = ScriptedCapture(nodes, heartbeat_interval_ms="20")
    with found.running():
        nodes[0].oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
        nodes[0].oplog.add(first)
        before = len(found.topic("__debezium-heartbeat.p"))
        found.until(lambda: len(found.topic("__debezium-heartbeat.p")) > before + 5)
    nodes[0].oplog.add(second)
    with found.running():
        found.until(lambda: found.numbers() == [1, 2])


def test_a_fragment_without_the_first_is_no_event(nodes: list[ScriptedMongo]) -> None:
    nodes[0].oplog.add(_fragments(2)[1])
    error = ScriptedCapture(nodes, capture_start_op_time="1").failure()
    assert isinstance(error, PositionLost)
    assert "fragment 2 of 2" in str(error)


def test_what_a_pipeline_must_not_leave_out(nodes: list[ScriptedMongo]) -> None:
    nodes[0].oplog.add(event(1))
    del nodes[0].oplog.events[0]["documentKey"]
    error = ScriptedCapture(nodes, capture_start_op_time="1").failure()
    assert isinstance(error, UnsupportedValue)
    assert "no documentKey (cursor.pipeline" in str(error)


def test_what_an_old_server_cannot_send_is_reported(nodes: list[ScriptedMongo]) -> None:
    for node in nodes:
        node.version = (5, 0, 30)
    cut = event(1, oversize=20_000_000)
    del cut["fullDocument"]
    found = ScriptedCapture(nodes)
    with logged() as messages, found.running():
        nodes[0].oplog.add(cut, event(2))
        found.until(lambda: found.numbers() == [2])
    (message,) = (one for one in messages if "left out" in one)
    assert "db.c" in message
    assert "20000000 bytes" in message


def test_what_is_left_out_can_go_to_a_dead_letter_queue(nodes: list[ScriptedMongo]) -> None:
    for node in nodes:
        node.version = (5, 0, 30)
    cut = event(1, oversize=20_000_000)
    del cut["fullDocument"]
    options = {"errors_deadletterqueue_topic_name": "letters"}
    found = ScriptedCapture(nodes, event_processing_failure_handling_mode="skip", **options)
    with found.running():
        nodes[0].oplog.add(cut, event(2, fullDocument=BROKEN), event(3))
        found.until(lambda: found.numbers() == [3])
    large, broken = found.topic("letters")
    assert json.loads(large.key) == {"_id": {"$oid": f"{1:024x}"}}
    assert json.loads(large.value)["oversize"] == 20_000_000
    assert large.headers["__connect.errors.topic"] == "p.db.c"
    assert "16 MB" in str(large.headers["__connect.errors.exception.message"])
    assert RawBSONDocument(b64decode(json.loads(broken.value)["$binary"]["base64"]))["ns"]["coll"] == "c"
    assert broken.headers["__connect.errors.stage"] == "TASK_POLL"
    assert str(broken.headers["__connect.errors.exception.class.name"]).endswith("BrokenDocument")


BODY = b"\x02a\0\x03\0\0\0\xff\xfe\0"
BROKEN = RawBSONDocument((len(BODY) + 5).to_bytes(4, "little") + BODY + b"\0")


def test_broken_text_can_be_left_out(nodes: list[ScriptedMongo]) -> None:
    found = ScriptedCapture(nodes, event_processing_failure_handling_mode="warn")
    with logged() as messages, found.running():
        nodes[0].oplog.add(event(1), event(2, fullDocument=BROKEN), event(3))
        found.until(lambda: found.numbers() == [1, 3])
    assert [
        message for message in messages if "db.c is left out: The document cannot be read at a" in message
    ]
    assert found.metrics.values["NumberOfErroneousEvents"] == 1


def test_broken_text_ends_the_task_and_says_where(nodes: list[ScriptedMongo]) -> None:
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
    nodes[0].oplog.add(event(2, fullDocument=BROKEN), event(3))
    error = found.failure()
    assert found.numbers() == [1]
    assert "cannot be read at a" in str(error)
