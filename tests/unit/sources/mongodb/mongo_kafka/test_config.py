"""Options as MongoDB's own connector has them."""

import json

import pytest

from cdc.errors import ConfigError
from cdc.sources.mongodb import MongoKafkaConfig, ejson
from cdc.sources.mongodb.config.lenient_json import parse
from cdc.sources.mongodb.mongo_kafka.offsets import offset_of, source_partition, token_of
from cdc.sources.mongodb.oversize import large_events
from cdc.sources.mongodb.tokens import ClusterTime

URI = "mongodb://user:p%40ss@zeta:27018,alpha/?replicaSet=rs0"


def config(**options: str) -> MongoKafkaConfig:
    given = {name.replace("_", "."): value for name, value in options.items()}
    return MongoKafkaConfig({"connection.uri": URI, **given})


def problems(**options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config(**options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ({}, "latest"),
        ({"startup_mode": ""}, "latest"),
        ({"copy_existing": "true"}, "copy_existing"),
        ({"copy_existing": "true", "startup_mode": "latest"}, "latest"),
        ({"startup_mode": "TIMESTAMP"}, "timestamp"),
    ],
)
def test_the_start(options: dict[str, str], mode: str) -> None:
    assert config(**options).mode == mode


def test_old_names_work_with_a_warning() -> None:
    found = config(
        copy_existing="true",
        copy_existing_max_threads="3",
        copy_existing_namespace_regex=r"db\.a",
        copy_existing_pipeline='[{"$match": {"a": 1}}]',
        copy_existing_queue_size="5",
        copy_existing_allow_disk_use="false",
    )
    assert (found.copy_threads, found.copy_disk_use) == (3, False)
    assert found.copy_namespaces is not None
    assert found.copy_namespaces.search("my_db.ab")
    assert found.copy_stages == ({"$match": {"a": 1}},)
    warned = {warning.option for warning in found.warnings}
    assert warned == {name for name in found.raw if name.startswith("copy.existing")}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("30", ClusterTime(30, 0)),
        ("0", ClusterTime(0, 1)),
        ("1970-01-01T00:00:30Z", ClusterTime(30, 0)),
        ("1970-01-01T01:00:30.9+01:00", ClusterTime(30, 0)),
        ('{"$timestamp": {"t": 30, "i": 2}}', ClusterTime(30, 2)),
        ("", None),
    ],
)
def test_operation_times(text: str, time: ClusterTime | None) -> None:
    assert config(startup_mode_timestamp_start_at_operation_time=text).start_at_operation_time == time


def test_the_stream() -> None:
    found = config(
        database="db",
        collection="c",
        pipeline="[{$match: {'fullDocument._id': ObjectId('596e275826f08b2730779e1f')}}]",
        change_stream_full_document="whenAvailable",
        change_stream_full_document_before_change="required",
        change_stream_show_expanded_events="true",
        collation='{"locale": "de", "strength": 2}',
        batch_size="7",
        poll_await_time_ms="50",
    ).stream_request(can_split=False)
    assert (found.database, found.collection, found.batch_size, found.await_ms) == ("db", "c", 7, 50)
    assert found.options == {
        "fullDocument": "whenAvailable",
        "fullDocumentBeforeChange": "required",
        "showExpandedEvents": True,
    }
    match, cut = found.stages
    assert str(match["$match"]["fullDocument._id"]) == "596e275826f08b2730779e1f"
    assert cut == large_events(can_split=False)
    assert found.command == {"collation": {"locale": "de", "strength": 2}}


def test_the_stream_of_everything() -> None:
    found = config(publish_full_document_only="true", pipeline='[{"$changeStreamSplitLargeEvent": {}}]')
    request = found.stream_request(can_split=True)
    assert (request.database, request.collection) == ("admin", None)
    assert request.options == {"fullDocument": "updateLookup"}
    assert request.stages == ({"$changeStreamSplitLargeEvent": {}},)


def test_errors_of_this_connector_alone() -> None:
    assert not config().tolerates
    assert config().logs_errors
    assert config(errors_tolerance="all").tolerates
    assert not config(errors_tolerance="all").logs_errors
    found = config(
        errors_tolerance="all",
        mongo_errors_tolerance="none",
        errors_deadletterqueue_topic_name="a",
        mongo_errors_deadletterqueue_topic_name="b",
    )
    assert not found.tolerates
    assert found.letters_to == "b"


def test_formatters_are_known_by_their_java_names() -> None:
    prefix = "com.mongodb.kafka.connect.source.json.formatter."
    assert config().json_mode is ejson.DEFAULT_JSON
    assert config(output_json_formatter=f"{prefix}SimplifiedJson").json_mode is ejson.SIMPLIFIED_JSON
    assert "ExtendedJson" in problems(output_json_formatter="my.own.Formatter")
    assert "topic.namespace.map" in problems(topic_mapper="my.own.Mapper")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"connection_uri": "http://x"}, "mongodb+srv://"),
        ({"collection": "c"}, "Missing database configuration"),
        ({"pipeline": "{}"}, "Not a valid JSON array"),
        ({"collation": '{"language": "de"}'}, "no language"),
        ({"collation": '{"strength": "2"}'}, "type int"),
        ({"change_stream_full_document": "updatelookup"}, "updateLookup"),
        ({"startup_mode_timestamp_start_at_operation_time": "yesterday"}, "ISO-8601"),
        ({"startup_mode_copy_existing_max_threads": "0"}, "at least 1"),
        ({"startup_mode_copy_existing_namespace_regex": "("}, "not a regular expression"),
        ({"output_schema_value": '{"type": "string"}'}, "Only Record schemas"),
        ({"connection_ssl_truststore": "/store.jks"}, "PEM"),
        ({"mongo_custom_auth_mechanism_enable": "true"}, "authMechanism"),
        ({"server_api_version": "2"}, "server.api.version"),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, str], said: str) -> None:
    assert said in problems(**options)


def test_the_driver_gets_tls_and_the_server_api() -> None:
    found = config(connection_ssl_truststore="/ca.pem", server_api_version="1", server_api_strict="true")
    options = found.driver_options()
    assert (options["tls"], options["tlsCAFile"]) == (True, "/ca.pem")
    assert (options["server_api"].version, options["server_api"].strict) == ("1", True)
    assert config().driver_options() == {}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "mongodb://alpha,zeta:27018/"),
        ({"database": "db"}, "mongodb://alpha,zeta:27018/db"),
        ({"database": "db", "collection": "c.d"}, "mongodb://alpha,zeta:27018/db.c.d"),
        ({"connection_uri": "mongodb+srv://u:p@cluster.example.net"}, "mongodb+srv://cluster.example.net/"),
        ({"offset_partition_name": "mine"}, "mine"),
    ],
)
def test_the_partition_is_named_as_there(options: dict[str, str], name: str) -> None:
    assert source_partition(config(**options)) == {"ns": name}


def test_offsets_are_read_back() -> None:
    token = b"\x16\0\0\0\x02_data\0\x06\0\0\0" + b"82abc\0" + b"\0"
    token = len(token).to_bytes(4, "little") + token[4:]
    offset = offset_of(token, copying=True)
    assert offset == {"_id": '{"_data": "82abc"}', "copy": "true"}
    assert token_of(offset) == token
    assert token_of({"_id": '{"_id": 1, "copyingData": true}'}) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": [1, true, null, "x:y"]}', {"a": [1, True, None, "x:y"]}),
        ("[{$match: {operationType: 'insert'}}]", [{"$match": {"operationType": "insert"}}]),
        ("""{a: 'it\\'s "so"'}""", {"a": 'it\'s "so"'}),
        ('{"n.m": NumberLong(5), d: ISODate("2024-05-01T00:00:00Z")}',
         {"n.m": {"$numberLong": "5"}, "d": {"$date": "2024-05-01T00:00:00Z"}}),
        (r'{"a": "x\.y"}', {"a": r"x\.y"}),
        ("{ }", {}),
    ],
)  # fmt: skip
def test_json_may_be_written_as_in_the_shell(text: str, found: object) -> None:
    assert parse(text) == found


@pytest.mark.parametrize("text", ["{", "[1,,2]", "{a: b}", '{"a": "b}'])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"no JSON|unexpected"):
        parse(text)


def test_json_itself_is_read_as_it_is() -> None:
    value = {"$a": ["\\", '"', "\u00e9\n", {"x": 1e10}]}
    assert parse(json.dumps(value)) == value
