"""Envelopes by column: what a batch shares is written once, and read without a parser for each."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from cdc.batch import ChangeBatch, Encoded
from cdc.columns import EventColumns
from cdc.errors import DecodeError
from cdc.formats.json import JsonConfig, JsonFormat
from cdc.runtime.encoder import Encoder
from cdc.runtime.headers import SimpleHeaders
from tests.fakes.changes import Wire, changes

NAMES = ["plain", '","source":{"op":"u"', '"after":', "}]{[,", 'back\\slash"', "Kovács", ""]


def forms(enabled: bool) -> tuple[JsonFormat, JsonFormat]:
    config = JsonConfig({"schemas.enable": str(enabled).lower()})
    return JsonFormat(config, is_key=True), JsonFormat(config, is_key=False)


def encode(batch: ChangeBatch, *, enabled: bool = False) -> Encoded:
    (encoded,) = Encoder(*forms(enabled), SimpleHeaders()).encode(batch)
    return encoded


def wire(name: str) -> str:
    return name.encode().decode("latin-1").replace("\\", "\\\\")


def rows(count: int, op: str = "r") -> list[tuple[str, Wire, Wire]]:
    return [(op, None, (str(i), wire(NAMES[i % len(NAMES)]))) for i in range(count)]


def snapshot(count: int = 30) -> ChangeBatch:
    batch = changes(*rows(count))
    batch.positions = [[100] * count]
    return batch


def texts(encoded: Encoded) -> list[bytes]:
    return [value or b"" for _, value in encoded.whole()]


def read(payloads: Sequence[bytes | None], wrap: tuple[bytes, bytes], *, enabled: bool = False) -> Any:
    ((_, values),) = forms(enabled)[1].decode("t", payloads, wrap)
    return values


@pytest.mark.parametrize("enabled", [True, False])
def test_what_all_share_is_written_once_and_the_texts_are_the_same(enabled: bool) -> None:
    batch = snapshot()
    encoded = encode(batch, enabled=enabled)
    assert (
        encoded.values[1]
        == json.dumps({"id": 1, "name": NAMES[1]}, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert b'"source":{' in encoded.value_wrap[1]
    singly = [texts(encode(batch.select([i]), enabled=enabled))[0] for i in range(len(batch))]
    assert texts(encoded) == singly


@pytest.mark.parametrize(
    "batch",
    [
        changes(*rows(30)),
        snapshot(15),
        changes(*rows(29), ("c", None, ("1", "a"))),
        changes(*[("u", ("1", "a"), ("1", "b"))] * 30),
        changes(*[("d", ("1", "a"), None)] * 30, tombstones=False),
    ],
    ids=["positions", "few", "operations", "updates", "deletes"],
)
def test_what_differs_stays_with_the_record(batch: ChangeBatch) -> None:
    assert encode(batch).value_wrap == (b"", b"")


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("batch", [snapshot(), changes(*rows(30, "c"))], ids=["alike", "stream"])
def test_new_rows_are_read_by_column(batch: ChangeBatch, shared: bool, enabled: bool) -> None:
    encoded = encode(batch, enabled=enabled)
    payloads, wrap = (encoded.values, encoded.value_wrap) if shared else (texts(encoded), (b"", b""))
    if wrap == (b"", b""):
        payloads = texts(encoded)
    values = read(payloads, wrap, enabled=enabled)
    expected = [json.loads(text) for text in texts(encoded)]
    if enabled:
        expected = [document["payload"] for document in expected]
    # A wrap that holds a schema alone says nothing of envelopes.
    assert isinstance(values, EventColumns) or (shared and enabled and len(set(batch.positions[0])) > 1)
    assert list(values) == expected
    if isinstance(values, EventColumns):
        assert list(values.after) == [document["after"] for document in expected]
        assert list(values.ops) == [document["op"] for document in expected]
        part = values[10:20]
        assert list(part) == expected[10:20]
        assert part[-1] == expected[19]
        assert values[0] is not values[0]


def test_other_records_are_read_whole() -> None:
    envelope = json.loads(texts(encode(snapshot()))[0])
    for other in (
        {**envelope, "after": None, "op": "d"},
        {**envelope, "before": {"id": 1}, "op": "u"},
        {**envelope, "after": {"id": 1, "source": {"x": 1}}},
        {**envelope, "after": {"id": {"source": {"x": 1}, "y": 2}}},
        {**envelope, "after": 5},
        {**envelope, "op": "t"},
        {"id": 1},
        [1, 2],
    ):
        text = json.dumps(other, separators=(",", ":")).encode()
        good = texts(encode(snapshot()))[1]
        values = read([good, text, good], (b"", b""))
        assert list(values) == [json.loads(good), other, json.loads(good)]


def test_a_text_that_is_cut_off_is_no_record() -> None:
    good = texts(encode(snapshot()))[1]
    for bad in (good[:-1], good[:-30], good[:60], good + b"}", good.replace(b'"op"', b'"op', 1)):
        with pytest.raises(DecodeError):
            read([good, bad], (b"", b""))
