"""Errors of the server and the driver, and the way out."""

import traceback

import pytest

from cdc.errors import (
    AccessDenied,
    CdcError,
    ConfigError,
    ConnectionFailed,
    PositionLost,
    ServerNotReady,
    UnsupportedValue,
)
from cdc.sources.mongodb.client import connect, options, place
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.failures import failure

RESUMABLE = "ResumableChangeStreamError"


@pytest.mark.parametrize(
    ("code", "text", "error", "hint"),
    [
        (286, "Resume of change stream was not possible", PositionLost, "when_needed"),
        (260, "Bad resume token", PositionLost, "when_needed"),
        (280, "cannot resume stream; the resume token was not found", PositionLost, "when_needed"),
        (10334, "BSONObj size: 33554600 is invalid", UnsupportedValue, "cursor.oversize.handling.mode=split"),
        (8000, "Executor error: BSONObjectTooLarge", UnsupportedValue, "split"),
        (43, "cursor id 5 not found", ConnectionFailed, ""),
        (237, "operation was interrupted", ConnectionFailed, ""),
        (189, "PrimarySteppedDown", ConnectionFailed, ""),
        (10107, "not primary", ConnectionFailed, ""),
        (91, "The server is in quiesce mode and will shut down", ConnectionFailed, ""),
        (40573, "The $changeStream stage is only supported on replica sets", ServerNotReady, "rs.initiate()"),
        (40324, "Unrecognized pipeline stage name: '$changeStreamSplitLargeEvent'", ServerNotReady, "6.0.9"),
        (13, "not authorized on admin to execute command", AccessDenied, "grantRolesToUser('cdc'"),
        (18, "Authentication failed.", AccessDenied, "mongodb.authsource"),
        (None, "h:27017: connection closed", ConnectionFailed, ""),
        (None, "[SSL: CERTIFICATE_VERIFY_FAILED] self signed", ServerNotReady, "mongodb.ssl.truststore"),
        (None, "h:27017: [Errno 111] Connection refused", ConnectionFailed, "mongodb.connection.string"),
        (2, "BadValue", ServerNotReady, ""),
    ],
)
def test_each_error_has_its_class_and_hint(
    code: int | None, text: str, error: type[CdcError], hint: str
) -> None:
    found = failure(text, code, place="h:27017", hints=MongoConfig.hints, user="cdc")
    assert type(found) is error
    assert hint in found.hint
    assert text in found.message
    assert "h:27017" in found.message


def test_the_servers_label_wins() -> None:
    assert failure("whatever", 2, [RESUMABLE], place="h", hints=MongoConfig.hints).retry


SECRET = "mongodb://u:s3cret@h1:1,h2:2/?replicaSet=rs0&connectTimeoutMS=5"


def config(**more: str) -> MongoConfig:
    return MongoConfig({"mongodb.connection.string": SECRET, "topic.prefix": "p", **more})


def test_the_place_has_no_credentials() -> None:
    assert place(config()) == "h1:1,h2:2"
    assert place(MongoConfig({"mongodb.hosts": "rs0/a:1,b:2", "topic.prefix": "p"})) == "a:1,b:2"


@pytest.mark.parametrize(
    "address",
    [
        "mongodb://u:s3c/ret@h:1/",
        "mongodb://u:s3c?ret@h:1/",
        "mongodb://u:s3c@ret@h:1/",
        "mongodb://u:s3c%zret@h:1/",
        "mongodb+srv://u:s3c/ret@h/",
    ],
)
def test_credentials_that_are_not_encoded_name_the_option_and_stay_hidden(address: str) -> None:
    wrong = MongoConfig({"mongodb.connection.string": address, "topic.prefix": "p"})
    with pytest.raises(ConfigError, match=r"mongodb\.connection\.string.*percent-encoded") as found:
        connect(wrong)
    shown = "".join(traceback.format_exception(found.value))
    assert "s3c" not in shown
    assert "ret@" not in shown


@pytest.mark.parametrize("store", ["truststore", "keystore"])
def test_a_certificate_that_is_not_there_names_the_option(store: str) -> None:
    more = {"mongodb.ssl.enabled": "true", f"mongodb.ssl.{store}": "/nowhere.pem"}
    with pytest.raises(ServerNotReady, match=r"nowhere\.pem.*mongodb\.ssl\.keystore"):
        connect(config(**more))


def test_the_connection_string_wins() -> None:
    found = options(
        config(**{"mongodb.user": "other", "mongodb.password": "x", "mongodb.socket.timeout.ms": "7"})
    )
    assert "connectTimeoutMS" not in found
    assert found["socketTimeoutMS"] == 7
    assert found["username"] == "other"
    assert found["authSource"] == "admin"


def test_tls() -> None:
    more = {
        "mongodb.ssl.enabled": "true",
        "mongodb.ssl.truststore": "/ca.pem",
        "mongodb.ssl.keystore": "/k.pem",
    }
    found = options(config(**more))
    assert found["tls"] is True
    assert found["tlsCAFile"] == "/ca.pem"
    assert found["tlsCertificateKeyFile"] == "/k.pem"
