"""`errors.tolerance=all`: what no transform or converter can take is left out, the rest comes in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cdc.batch import Batch, ChangeBatch
from cdc.envelopes import Envelopes
from cdc.errors import EncodeError
from cdc.formats.json import JsonFormat
from cdc.plugin import Transform, register
from cdc.plugin.registry import _registry
from cdc.transport.embedded import EmbeddedLog, EmbeddedLogConfig
from tests.integration.postgres.capture import Capture, logged
from tests.servers.postgres import Database

PREFIX = "Error encountered in task capture-0. Executing stage"


class Squeamish(Transform):
    """Fails for rows that are rotten."""

    def apply(self, batch: Batch) -> Iterable[Batch]:
        for records in Envelopes().records(batch) if isinstance(batch, ChangeBatch) else ():
            if any("rotten" in str(value) for value in records.values):
                raise ValueError("rotten")
        return (batch,)


class Frail(JsonFormat):
    """JSON without a fast path, that cannot write rows with poison in them."""

    def fast_path(self) -> None:
        return None

    def encode(self, topic: str, schema: Any, values: Any) -> list[bytes | None]:
        payloads = super().encode(topic, schema, values)
        if any(b"poison" in payload for payload in payloads if payload):
            raise EncodeError("poison")
        return payloads


@pytest.fixture(autouse=True)
def _plugins() -> Iterator[None]:
    before = dict(_registry.plugins)
    register("transform", "squeamish")(Squeamish)
    register("format", "frail")(Frail)
    yield
    _registry.plugins.clear()
    _registry.plugins.update(before)


def test_bad_rows_are_left_out_of_snapshot_and_stream(database: Database, tmp_path: Path) -> None:
    database.execute(
        "create table t (id int primary key, v text); "
        "insert into t select i, case i % 10 when 3 then 'poison' when 7 then 'rotten' else 'good' end "
        "from generate_series(1, 1000) i"
    )
    options = {
        "transforms": "first",
        "transforms.first.type": "squeamish",
        "value.converter": "frail",
        "errors.tolerance": "all",
        "errors.log.enable": "true",
        "errors.log.include.messages": "true",
    }
    capture = Capture(database, options, EmbeddedLog(EmbeddedLogConfig({"data.dir": str(tmp_path)})))
    with logged() as messages, capture.running():
        database.execute("insert into t select id + 1000, v from t order by id")
        database.execute("delete from t where id = 2000")
        database.execute("update t set id = -id where id in (3, 5)")
        capture.sync()
    good = [number for number in range(1, 2001) if number % 10 not in (3, 7)]
    told = [event.row["id"] for event in capture.events("t", "rc")]
    assert told == [*good, -5]
    assert capture.metrics.values["errors"] == 400 + 1
    text = "\n".join(messages)
    assert text.count(f"{PREFIX} 'TRANSFORMATION' with class '{__name__}.Squeamish'") == 200
    assert text.count(f"{PREFIX} 'VALUE_CONVERTER' with class '{__name__}.Frail'") == 201
    assert "where source record is {topic='p.public.t', op='r', source={'version': " in text
    with capture.running():
        database.execute("insert into t values (5000, 'good')")
        capture.sync()
    assert [event.row["id"] for event in capture.events("t", "rc")] == [*good, -5, 5000]
    assert capture.metrics.values.get("errors", 0) == 0
