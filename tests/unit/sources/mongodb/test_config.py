"""Options of the MongoDB source."""

import json
from typing import Any

import pytest

from cdc.errors import ConfigError
from cdc.sources.mongodb.config import MongoConfig

MINIMAL = {"mongodb.connection.string": "mongodb://h1:27017/?replicaSet=rs0", "topic.prefix": "p"}

OLD = json.loads("""{
  "collection.include.list": "<database>.<collection>", "mongodb.name": "connector",
  "mongodb.hosts": "<host1>:27017,<host2>:27017,<host3>:27017", "mongodb.user": "<username>",
  "mongodb.password": "<password>", "capture.mode": "change_streams_update_full", "snapshot.mode": "never",
  "topic.prefix": "raw", "field.exclude.list": "hub.confirmed._diff,hub.confirmed._dt,hub.confirmed._t",
  "tombstones.on.delete": false
}""")


def config(**options: Any) -> MongoConfig:
    return MongoConfig({**MINIMAL, **{name.replace("_", "."): value for name, value in options.items()}})


def problems(options: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        MongoConfig({**MINIMAL, **options})
    return [problem.option for problem in caught.value.problems]


def test_the_defaults_are_debeziums() -> None:
    found = config()
    assert found.capture_mode == "change_streams_update_full"
    assert found.snapshot_mode == "initial"
    assert found.skipped_operations == {"t"}
    assert found.filters_match_mode == "regex"
    assert found.cursor_pipeline_order == "internal_first"
    assert found.auth_source == "admin"
    assert found.capture_start_op_time == -1
    assert not found.warnings


def test_a_config_of_former_releases_runs_with_warnings() -> None:
    found = MongoConfig(OLD)
    assert found.address == "mongodb://<host1>:27017,<host2>:27017,<host3>:27017/"
    assert found.topic_prefix == "raw"
    assert found.snapshot_mode == "no_data"
    assert [path.name for path in found.field_exclude] == ["_diff", "_dt", "_t"]
    warned = {warning.option: warning.message for warning in found.warnings}
    assert set(warned) == {"mongodb.hosts", "mongodb.name", "snapshot.mode"}
    assert "mongodb.connection.string" in warned["mongodb.hosts"]
    assert "topic.prefix" in warned["mongodb.name"]
    assert "no_data" in warned["snapshot.mode"]


def test_the_old_name_of_the_prefix_suffices() -> None:
    options = {"mongodb.connection.string": "mongodb://h", "mongodb.name": "old"}
    found = MongoConfig(options)
    assert found.topic_prefix == "old"
    assert [warning.option for warning in found.warnings] == ["mongodb.name"]


def test_hosts_may_name_their_replica_set() -> None:
    found = MongoConfig({"mongodb.hosts": "rs0/a:1,b:2", "topic.prefix": "p"})
    assert found.address == "mongodb://a:1,b:2/?replicaSet=rs0"


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"mongodb.connection.string": ""}, "mongodb.connection.string"),
        ({"mongodb.connection.string": "http://h"}, "mongodb.connection.string"),
        ({"mongodb.hosts": "rs0/a:1;rs1/b:1"}, "mongodb.hosts"),
        ({"mongodb.user": "u"}, "mongodb.password"),
        ({"mongodb.ssl.keystore": "/x/store.jks"}, "mongodb.ssl.keystore"),
        (
            {"mongodb.ssl.truststore": "/x/store", "mongodb.ssl.truststore.type": "PKCS12"},
            "mongodb.ssl.truststore",
        ),
        ({"database.include.list": "a", "database.exclude.list": "b"}, "database.exclude.list"),
        ({"collection.include.list": "a(b"}, "collection.include.list"),
        ({"capture.scope": "database"}, "capture.target"),
        ({"capture.scope": "collection", "capture.target": "db"}, "capture.target"),
        ({"cursor.pipeline": "{}"}, "cursor.pipeline"),
        ({"cursor.pipeline": "[1]"}, "cursor.pipeline"),
        ({"snapshot.collection.filter.overrides": "db.c"}, "snapshot.collection.filter.overrides"),
        ({"snapshot.collection.filter.overrides.db.c": "[]"}, "snapshot.collection.filter.overrides.db.c"),
        ({"field.exclude.list": "a.b"}, "field.exclude.list"),
        ({"skipped.operations": "x"}, "skipped.operations"),
        ({"capture.mode": "oplog"}, "capture.mode"),
    ],
)
def test_what_is_wrong_is_named(options: dict[str, str], wrong: str) -> None:
    assert problems(options) == [wrong]


def test_a_literal_name_is_no_pattern() -> None:
    found = MongoConfig({**MINIMAL, "filters.match.mode": "literal", "collection.include.list": "db.a(b"})
    assert found.collection_include == ("db.a(b",)


def test_x509_needs_no_password() -> None:
    address = "mongodb://h/?authMechanism=MONGODB-X509&tls=true"
    assert MongoConfig({**MINIMAL, "mongodb.connection.string": address, "mongodb.user": "CN=cdc"}).user


def test_a_snapshot_filter_belongs_to_its_collection() -> None:
    name = "snapshot.collection.filter.overrides"
    found = MongoConfig({**MINIMAL, name: "db.c.d", f"{name}.db.c.d": '{"a": {"$gt": 1}}'})
    assert found.snapshot_filter("db.c.d") == {"a": {"$gt": 1}}
    assert found.snapshot_filter("db.other") == {}


def test_credentials_do_not_show() -> None:
    found = MongoConfig({**MINIMAL, "mongodb.connection.string": "mongodb://u:s3cret@h/"})
    assert "s3cret" not in repr(found)
