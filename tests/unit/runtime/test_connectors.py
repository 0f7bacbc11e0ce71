"""What is wrong with a connector's config is told all at once, what is odd is warned about."""

import pytest

from cdc.errors import ConfigError
from cdc.filters import java_regex
from cdc.runtime.connectors import (
    data_topics,
    plan_connector,
    require_topics,
    review,
    review_worker,
    unique_names,
    with_default_topics,
)
from cdc.runtime.formats import chosen, without_effect
from cdc.runtime.worker_config import WorkerConfig, worker_options

PG = {
    "name": "pg",
    "connector.class": "postgres",
    "topic.prefix": "shop",
    "database.hostname": "db",
    "database.user": "u",
    "database.password": "${env:CDC_TEST_SECRET}",
    "database.dbname": "d",
    "plugin.name": "pgoutput",
}
JDBC = {"name": "jdbc", "connector.class": "jdbc", "connection.url": "sqlite:///x.db"}


def test_a_good_config_has_no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDC_TEST_SECRET", "s3cret")
    found = review(PG, {})
    assert (found.problems, found.warnings) == ([], [])
    assert found.resolved["database.password"] == "s3cret"


def test_all_problems_at_once() -> None:
    raw = {
        **PG,
        "tasks.max": "0",
        "errors.tolerance": "some",
        "value.converter": "nobody",
        "key.converter": "json",
        "key.converter.schemas.enable": "maybe",
        "transforms": "a",
    }
    del raw["name"]
    options = {problem.option for problem in review(raw, {}).problems}
    assert options >= {
        "name",
        "tasks.max",
        "errors.tolerance",
        "value.converter",
        "key.converter.schemas.enable",
        "transforms.a.type",
    }


def test_an_unknown_class_names_those_there_are() -> None:
    (problem,) = review({**PG, "connector.class": "postgrs"}, {}).problems
    assert "postgrs" in problem.message
    assert "postgres" in problem.message.split("available")[1]


def test_a_missing_class_is_missing() -> None:
    raw = {name: value for name, value in PG.items() if name != "connector.class"}
    assert [problem.option for problem in review(raw, {}).problems] == ["connector.class"]


def test_java_names_are_accepted() -> None:
    assert not review({**PG, "connector.class": "PostgresConnector"}, {}).problems
    java = "io.debezium.connector.postgresql.PostgresConnector"
    assert not review({**PG, "connector.class": java}, {}).problems


def test_unknown_options_are_warned_about_with_the_nearest_name() -> None:
    warnings = review({**PG, "slot.nam": "x", "producer.override.acks": "1"}, {}).warnings
    assert "Unknown option slot.nam is ignored; did you mean slot.name?" in warnings
    assert not any("producer" in warning for warning in warnings)


def test_what_is_no_slip_gets_no_advice() -> None:
    warnings = review({**PG, "snapshot.query.mode": "custom"}, {}).warnings
    assert "Unknown option snapshot.query.mode is ignored" in warnings


@pytest.mark.parametrize("plugin", ["postgres", "mysql", "mariadb", "mongodb"])
def test_options_of_debeziums_engine_are_accepted(plugin: str) -> None:
    engine = {"max.batch.size": "4096", "max.queue.size": "16384", "poll.interval.ms": "100"}
    found = review({**PG, "connector.class": plugin, **engine}, {})
    assert not [text for text in found.warnings if any(name in text for name in engine)]
    wrong = review({**PG, "connector.class": plugin, "max.batch.size": "many"}, {})
    assert "max.batch.size" in [problem.option for problem in wrong.problems]


def test_task_configs_keep_references() -> None:
    connector, _ = plan_connector(PG, {})
    (task,) = connector.task_configs
    assert task["database.password"] == "${env:CDC_TEST_SECRET}"


def test_sinks_get_as_many_tasks_as_they_may() -> None:
    connector, _ = plan_connector({**JDBC, "topics": "t", "tasks.max": "3"}, {})
    assert len(connector.task_configs) == 3


def test_names_are_unique() -> None:
    connector, _ = plan_connector(JDBC, {})
    with pytest.raises(ConfigError, match="already exists"):
        unique_names([connector, connector])


def test_topics_and_their_pattern_exclude_each_other() -> None:
    options = [
        problem.option for problem in review({**JDBC, "topics": "a", "topics.regex": "b"}, {}).problems
    ]
    assert options == ["topics"]
    assert review({**JDBC, "topics.regex": "("}, {}).problems[0].option == "topics.regex"
    raw = {**JDBC, "topics": "a", "errors.deadletterqueue.topic.name": "a"}
    assert review(raw, {}).problems[0].option == "errors.deadletterqueue.topic.name"


def test_sinks_read_the_sources_beside_them_by_default() -> None:
    (sink, own), told = with_default_topics([JDBC, {**JDBC, "topics": "t"}], [PG])
    assert "topics.regex" not in own
    assert "names no topics" in told[0]
    pattern = java_regex(sink["topics.regex"])
    assert pattern.fullmatch("shop.public.orders")
    for other in ("shop.transaction", "__debezium-heartbeat.shop", "shop", "shopping.public.t"):
        assert not pattern.fullmatch(other)
    assert require_topics(sink) == []
    assert require_topics(JDBC)[0].option == "topics"


def test_several_prefixes() -> None:
    pattern = java_regex(data_topics(["a.b", "c-d"]))
    assert pattern.fullmatch("a.b.s.t")
    assert pattern.fullmatch("c-d.s.t")
    assert not pattern.fullmatch("axb.s.t")


def test_whose_converter_applies() -> None:
    worker = {"value.converter": "json", "value.converter.schemas.enable": "false"}
    own = {"value.converter.schemas.enable": "true"}
    assert chosen("value", {}, worker) == ("json", {"schemas.enable": "false"})
    assert chosen("value", own, worker) == ("json", {"schemas.enable": "false"})
    assert chosen("value", {**own, "value.converter": "x"}, worker) == ("x", {"schemas.enable": "true"})
    assert chosen("value", own, {}) == ("json", {"schemas.enable": "true"})
    assert without_effect("value", own, worker) == ["value.converter.schemas.enable"]
    assert any("has no effect" in warning for warning in review({**PG, **own}, worker).warnings)


def test_worker_options() -> None:
    options = worker_options({"data.dir": "here"}, data_dir=None, listen=":9000")
    config = WorkerConfig(options)
    assert config.data_dir.endswith("/here")
    assert config.data_dir.startswith("/")
    assert config.listen == ("0.0.0.0", 9000)
    assert config.log_name == "embedded"
    assert WorkerConfig({"bootstrap.servers": "b:9092"}).log_name == "kafka"
    assert WorkerConfig({"listeners": ""}).listen is None
    assert WorkerConfig({"rest.advertised.host.name": "me"}).worker_id == "me:8083"
    assert WorkerConfig({"listeners": "HTTP://[::1]:8083/,HTTPS://:8443"}).listen == ("::1", 8083)
    assert [p.option for p in review_worker({"rest.advertised.port": "x"}).problems] == [
        "rest.advertised.port"
    ]


def test_a_worker_is_reviewed_with_the_options_of_its_log() -> None:
    kafka = {"bootstrap.servers": "b:9092", "security.protocol": "SSL", "group.idd": "x"}
    assert review_worker(kafka).warnings == ["Unknown option group.idd is ignored; did you mean group.id?"]
    (problem,) = review_worker({**kafka, "exactly.once.source.support": "maybe"}).problems
    assert problem.option == "exactly.once.source.support"
    assert [p.option for p in review_worker({"log": "paper"}).problems] == ["log"]


@pytest.mark.parametrize(
    "listener", ["8083", "localhost", "127.0.0.1:99999", "http://8083", "https://:8443", ":"]
)
def test_a_listener_that_cannot_be_used(listener: str) -> None:
    (problem,) = review_worker({"listeners": listener}).problems
    assert problem.message.startswith(
        f"Invalid value {listener} for configuration listeners: {listener} is not "
    )
