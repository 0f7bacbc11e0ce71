"""A snapshot's rows, by column from COPY to the sink: the same texts, and the same values."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cdc.batch import ChangeBatch, Encoded
from cdc.columns import EventColumns, Spliced, StructColumns
from cdc.errors import DecodeError
from cdc.formats.json import JsonConfig, JsonFormat
from cdc.relational.column_type import json_string
from cdc.runtime.encoder import Encoder
from cdc.runtime.headers import SimpleHeaders
from cdc.sources.postgres.copy_rows import CopyLayout, CopyRows
from schemas import connect, logical
from schemas.envelope import event_schema
from schemas.table import Codec, Column, Table, TableId
from tests.fakes.changes import INTEGER, SOURCE_SCHEMA, changes

TEXT = Codec("v.encode('latin-1').decode()", "json_string(v)", {"json_string": json_string})
FLOAT = Codec("float(v)", "v")
EXACT = Codec("Decimal(v)", None, {"Decimal": Decimal})
NAMES = ["plain", None, "", '"}{\\', "a\tb\nc", "\x01\x1f", "Kovács ☃ 𝄞", "\\N", "\\u001f", '","x":', "null"]
HOSTILE = '"}{%s\n𝄞'
COLUMNS = (
    Column("id", connect.INT64, INTEGER, "int8"),
    Column(HOSTILE, connect.OPTIONAL_STRING, TEXT, "text"),
    Column("score", connect.FLOAT64.as_optional(), FLOAT, "float8"),
    Column("amount", logical.decimal(2, 9).as_optional(), EXACT, "numeric"),
)
COUNT = 40


def table(*, key: bool = True) -> Table:
    return Table(TableId("d", "public", "t"), COLUMNS, COLUMNS[:2] if key else ())


def copied(value: str | None) -> str:
    """Return what COPY sends for a text."""
    if value is None:
        return "\\N"
    escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(escapes.get(c, c) for c in value).encode().decode("latin-1")


def row(number: int) -> dict[str, Any]:
    odd = number % 3 == 0
    return {
        "id": number,
        HOSTILE: NAMES[number % len(NAMES)],
        "score": None if odd else number / 4,
        "amount": None if odd else Decimal(number).scaleb(-2),
    }


def line(values: dict[str, Any]) -> str:
    return "\t".join(copied(None if value is None else str(value)) for value in values.values())


def snapshot(of: Table, count: int = COUNT) -> ChangeBatch:
    schema = event_schema("t", of, SOURCE_SCHEMA)
    rows = CopyRows(CopyLayout(of, [column.name for column in COLUMNS]), [line(row(n)) for n in range(count)])
    batch = changes(*[("r", None, ("1", "a"))] * count)
    return replace(batch, topic="t", table=of, schema=schema, rows=rows, positions=[[7] * count])


def forms(enabled: bool) -> tuple[JsonFormat, JsonFormat]:
    config = JsonConfig({"schemas.enable": str(enabled).lower()})
    return JsonFormat(config, is_key=True), JsonFormat(config, is_key=False)


def encode(batch: ChangeBatch, *, enabled: bool = False) -> Encoded:
    (encoded,) = Encoder(*forms(enabled), SimpleHeaders()).encode(batch)
    return encoded


@pytest.mark.parametrize("enabled", [True, False])
def test_the_texts_are_those_of_single_rows(enabled: bool) -> None:
    batch = snapshot(table())
    encoded = encode(batch, enabled=enabled)
    assert isinstance(encoded.keys, Spliced)
    assert isinstance(encoded.values, Spliced)
    singly = [encode(batch.select([n]), enabled=enabled) for n in range(COUNT)]
    assert not any(isinstance(one.values, Spliced) for one in singly)
    assert [*encoded.whole()] == [record for one in singly for record in one.whole()]
    assert b"\\u001F" in encoded.values[5], "as Jackson writes it"
    assert b"\\uD834\\uDD1E" in encoded.values[6]


@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_read_by_column_is_what_is_read_by_text(enabled: bool) -> None:
    encoded = encode(snapshot(table()), enabled=enabled)
    key, value = forms(enabled)
    ((key_schema, keys),) = key.decode("t", encoded.keys, encoded.key_wrap)
    ((schema, values),) = value.decode("t", encoded.values, encoded.value_wrap)
    assert isinstance(keys, StructColumns)
    assert isinstance(values, EventColumns)
    assert isinstance(values.after, StructColumns)
    whole = [*encoded.whole()]
    ((other_key_schema, other_keys),) = key.decode("t", [one for one, _ in whole], (b"", b""))
    ((other_schema, other_values),) = value.decode("t", [one for _, one in whole], (b"", b""))
    assert (key_schema, [*keys]) == (other_key_schema, [*other_keys])
    assert (schema, [*values]) == (other_schema, [*other_values])
    assert [*values.after] == [one["after"] for one in other_values]
    if enabled:
        assert [*values.after] == [row(n) for n in range(COUNT)]
        assert [*keys] == [{name: row(n)[name] for name in ("id", HOSTILE)} for n in range(COUNT)]
    part = values[3:9]
    assert [*part.after] == [*values.after][3:9]
    assert [*part] == [*values][3:9]


def test_a_table_without_a_key_has_none() -> None:
    encoded = encode(snapshot(table(key=False)))
    assert encoded.keys == [None] * COUNT
    assert json.loads(encoded.values[1])["id"] == 1


def test_cells_with_line_ends_stay_texts() -> None:
    spread = replace(COLUMNS[0], codec=Codec("int(v)", "'\\n' + v"))
    of = Table(TableId("d", "public", "t"), (spread, *COLUMNS[1:]), COLUMNS[:1])
    encoded = encode(snapshot(of))
    assert isinstance(encoded.keys, Spliced)
    assert not isinstance(encoded.values, Spliced)
    assert [json.loads(text or b"")["id"] for text in encoded.values] == list(range(COUNT))


@pytest.mark.parametrize(
    "texts",
    [
        Spliced((b'{"a":', b"}"), [b"1\n2,3"], 2),
        Spliced((b'{"a":', b"}"), [b"1\n}"], 2),
        Spliced((b'{"a":', b""), [b"1\n2"], 2),
    ],
)
def test_what_is_no_json_is_told(texts: Spliced) -> None:
    with pytest.raises(DecodeError, match="not JSON"):
        forms(False)[0].decode("t", texts, (b"", b""))


@pytest.mark.parametrize(
    "texts",
    [
        Spliced((b"[", b",", b"]"), [b"1\n2", b"3\n4"], 2),
        Spliced((b'{"a":[', b"]}"), [b"1\n2"], 2),
        Spliced((b'{"a":1', b"}"), [b"1\n2"], 2),
        Spliced((b'{"a":', b',"a":', b"}"), [b"1\n2", b"3\n4"], 2),
        Spliced((b'{"a":0,"b":', b"}"), [b"1\n2"], 2),
    ],
)
def test_frames_of_something_else_are_read_as_texts(texts: Spliced) -> None:
    ((_, values),) = forms(False)[0].decode("t", texts, (b"", b""))
    assert [*values] == [json.loads(text) for text in texts]
