"""Secrets stay out of logs and traces."""

import logging

from cdc import config as options
from cdc.runtime.redact import Redactor, secrets_of

PASSWORD = options.password("database.password", doc="Secret.")


def test_known_secrets_and_what_looks_like_one() -> None:
    redact = Redactor(["hunter2", "ab"])
    assert redact("user hunter2!") == "user [hidden]!"
    assert redact("hunter22 ab") == "hunter22 ab"
    assert redact("postgresql://u:p4ss@host/db") == "postgresql://u:[hidden]@host/db"
    assert redact("password=x, host=y") == "password=[hidden], host=y"
    assert redact("password=[hidden], host=y") == "password=[hidden], host=y"
    assert redact("db.password: ${env:PW} is not set") == "db.password: ${env:PW} is not set"
    assert redact("password=${x}") == "password=[hidden]}"
    assert redact("sasl password='a b' z") == "sasl password=[hidden] z"


def test_log_records_are_rendered_without_secrets() -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "login %s", ("hunter2",), None)
    try:
        raise ValueError("hunter2")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    Redactor(["hunter2"]).filter(record)
    assert record.getMessage() == "login [hidden]"
    assert record.exc_text is not None
    assert "hunter2" not in record.exc_text


def test_which_values_are_secret() -> None:
    raw = {"database.password": "${env:P}", "api.token": "t0ken", "host": "db"}
    resolved = {**raw, "database.password": "s3cret"}
    assert sorted(set(secrets_of(raw, resolved, [PASSWORD]))) == ["s3cret", "t0ken"]
    urls = {"connection.url": "jdbc:postgresql://db/x?user=me&password=p%40ss", "uri": "mongodb://me:pw1@h/"}
    assert {"p%40ss", "p@ss", "pw1"} == set(secrets_of(urls, urls))
    jaas = {"sasl.jaas.config": 'org.x.PlainLoginModule required username="me" password="pw2";'}
    assert "pw2" in secrets_of(jaas, jaas)
    assert not secrets_of({}, {"database.password": "postgres", "database.user": "postgres"}, [PASSWORD])
