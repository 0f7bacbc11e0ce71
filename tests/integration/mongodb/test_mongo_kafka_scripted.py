"""Configs of MongoDB's own connector against a scripted server: what the others do not do as mongod."""

import time
from typing import Any

from cdc.errors import PositionLost, UnsupportedValue
from tests.integration.capture import logged
from tests.integration.mongodb.mongo_kafka_capture import MongoKafkaCapture
from tests.integration.mongodb.test_scripted import event
from tests.integration.mongodb.test_scripted_source import BROKEN
from tests.servers.scripted_mongo import HISTORY_LOST, ScriptedMongo, ScriptedServer


class ScriptedCapture(MongoKafkaCapture):
    """A connector on a scripted replica set."""

    def __init__(self, nodes: list[ScriptedMongo], **options: str):
        server: Any = ScriptedServer(nodes)
        super().__init__(server, "db", offset_partition_name="p", **options)
        self.partition = {"ns": "p"}

    def numbers(self) -> list[Any]:
        """Return `n` of every document."""
        return [value["fullDocument"]["n"] for _, value in self.records()]


def test_an_election(nodes: list[ScriptedMongo]) -> None:
    old, new = nodes
    found = ScriptedCapture(nodes)
    with found.running():
        old.oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
        old.step_down(new)
        old.oplog.add(event(2))
        found.until(lambda: found.numbers() == [1, 2])


def test_fragments_are_one_event(nodes: list[ScriptedMongo]) -> None:
    whole = event(1)
    first = {name: whole[name] for name in ("_id", "operationType", "clusterTime", "ns")}
    token = {"_data": whole["_id"]["_data"] + "01"}
    second = {"_id": token, "documentKey": whole["documentKey"], "fullDocument": whole["fullDocument"]}
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(
            {**first, "splitEvent": {"fragment": 1, "of": 2}},
            {**second, "splitEvent": {"fragment": 2, "of": 2}},
            {**event(2), "splitEvent": {"fragment": 1, "of": 1}},
        )
        found.until(lambda: found.numbers() == [1, 2])
    names = [list(value) for _, value in found.records()]
    assert names[0] == names[1] == list(event(1))
    assert found.records()[0][1]["_id"] == token


def test_what_an_old_server_cannot_send_is_an_error_of_that_event(nodes: list[ScriptedMongo]) -> None:
    for node in nodes:
        node.version = (5, 0, 30)
    cut = event(1, oversize=20_000_000)
    del cut["fullDocument"]
    options = {"errors_deadletterqueue_topic_name": "letters"}
    found = ScriptedCapture(nodes, errors_tolerance="all", errors_log_enable="true", **options)
    with logged() as messages, found.running():
        nodes[0].oplog.add(cut, event(2, fullDocument=BROKEN), event(3))
        found.until(lambda: found.numbers() == [3])
    large, broken = (letter.value for letter in found.topic("letters"))
    assert large["oversize"] == 20_000_000
    assert "$binary" in broken
    assert any("20000000 bytes" in message for message in messages)
    assert found.metrics.values["TotalNumberOfEventsSeen"] == 3
    assert found.metrics.values["MilliSecondsBehindSource"] > 0


def test_broken_text_under_a_schema_is_one_too(nodes: list[ScriptedMongo]) -> None:
    infer = {"output_format_value": "schema", "output_schema_infer_value": "true"}
    more = {"publish_full_document_only": "true", "value_converter": "json", "errors_tolerance": "all"}
    letters = {"errors_deadletterqueue_topic_name": "letters"}
    found = ScriptedCapture(nodes, **infer, **more, **letters)
    with found.running():
        nodes[0].oplog.add(event(1), event(2, fullDocument=BROKEN), event(3))
        found.until(lambda: len(found.records()) == 2)
    assert [value["n"] for _, value in found.records()] == [1, 3]
    (letter,) = found.topic("letters")
    assert "$binary" in letter.value


def test_and_ends_the_task_where_none_is_tolerated(nodes: list[ScriptedMongo]) -> None:
    for node in nodes:
        node.version = (5, 0, 30)
    found = ScriptedCapture(nodes)
    with found.running():
        pass
    nodes[0].oplog.add(event(1, oversize=20_000_000))
    error = found.failure()
    assert isinstance(error, UnsupportedValue)
    assert "pipeline" in (error.hint or "")


def test_a_server_that_does_not_tell_its_version(nodes: list[ScriptedMongo]) -> None:
    strict = {"ok": 0.0, "code": 323, "errmsg": "buildInfo is not in API Version 1"}
    for node in nodes:
        node.fail("buildInfo", strict)
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
    (asked,) = (command["pipeline"] for command in nodes[0].seen if "aggregate" in command)
    assert list(asked[-1]) == ["$set"]


def test_a_token_that_is_lost_while_streaming(nodes: list[ScriptedMongo]) -> None:
    found = ScriptedCapture(nodes)
    with found.running():
        nodes[0].oplog.add(event(1))
        found.until(lambda: found.numbers() == [1])
    nodes[0].fail("aggregate", HISTORY_LOST)
    error = found.failure()
    assert isinstance(error, PositionLost)
    assert "errors.tolerance=all" in (error.hint or "")
    with logged() as messages, found.running(errors_tolerance="all"):
        opened = _opened(nodes[0])
        nodes[0].fail("getMore", HISTORY_LOST)
        found.until(lambda: _opened(nodes[0]) > opened)
        assert any("starting from now" in message for message in messages)
        time.sleep(0.2)
        nodes[0].oplog.add(event(2))
        found.until(lambda: found.numbers()[-1] == 2)


def _opened(node: ScriptedMongo) -> int:
    """Return how often a change stream was opened."""
    return sum("aggregate" in command for command in node.seen)
