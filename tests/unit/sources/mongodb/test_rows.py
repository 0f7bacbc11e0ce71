"""Documents through the formats: the fast way, and as values."""

from typing import Any

import bson
import pytest

from cdc.batch import ChangeBatch, TransactionColumns
from cdc.envelopes import Envelopes
from cdc.formats.json import JsonConfig, JsonFormat
from cdc.runtime.encoder import Encoder
from cdc.runtime.headers import SimpleHeaders
from cdc.sources.mongodb.collection import Collections, key_document, transaction_values
from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.document_rows import DocumentRows

LONG = "é☃𝄞 \x01\x1f\\\"'{}\n" * 3
UPDATE = {
    "updatedFields": {"n": 2, "text": LONG},
    "removedFields": ["gone", "secret"],
    "truncatedArrays": [{"field": "list", "newSize": 3}],
}


class Slow(JsonFormat):
    def fast_path(self) -> None:
        return None


def collection(**options: str) -> Any:
    config = MongoConfig(
        {"mongodb.connection.string": "mongodb://h", "topic.prefix": "p"}
        | {name.replace("_", "."): value for name, value in options.items()}
    )
    return Collections(config, config.topic_names(), ()).find("db", "c")


def batch(found: Any, **more: Any) -> ChangeBatch:
    documents = [{"_id": 1, "n": 1, "text": LONG}, {"_id": 1, "n": 2, "secret": 1}, None]
    after = [document and bson.encode(document) for document in documents]
    rows = DocumentRows(
        [None, None, bson.encode({"_id": 1})],
        after,
        [bson.encode({"_id": 1})] * 3,
        [None, bson.encode(UPDATE), None],
    )
    values = transaction_values(5, 7, lsid='{"id": 1}', number=3, transaction_id='{"id": 1}:3')
    made: ChangeBatch = found.batch(
        ops="cud", rows=rows, transactions=(values,) * 3, seq=range(3), clock_ns=10**9, size=1
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


def records(form: type[JsonFormat], made: ChangeBatch, schemas: str) -> list[Any]:
    config = JsonConfig({"schemas.enable": schemas})
    encoder = Encoder(form(config, is_key=True), form(config, is_key=False), SimpleHeaders())
    return [record for encoded in encoder.encode(made) for record in encoded.whole()]


@pytest.mark.parametrize("schemas", ["true", "false"])
@pytest.mark.parametrize("numbered", [True, False])
def test_both_ways_write_the_same(schemas: str, numbered: bool) -> None:
    blocks = TransactionColumns(["t", None, "t"], [1, 1, 2], [1, 1, 2]) if numbered else None
    made = batch(collection(field_exclude_list="db.c.secret"), transaction=blocks)
    fast, slow = records(JsonFormat, made, schemas), records(Slow, made, schemas)
    assert fast == slow
    assert len(fast) == 4  # a tombstone behind the delete
    assert fast[3][1] is None
    if schemas == "false":
        key, value = fast[1]
        assert key == b'{"id":"1"}'
        assert b'"removedFields":["gone"]' in value
        assert b'"truncatedArrays":[{"field":"list","size":3}]' in value
        assert (b'"transaction":null' in value) is True
        assert value.index(b'"op":"u"') < value.index(b'"ts_ms":1000,"transaction"')


def test_a_snapshot_shares_what_is_alike() -> None:
    found = collection()
    documents = [bson.encode({"_id": n}) for n in range(20)]
    nothing: list[None] = [None] * 20
    rows = DocumentRows([*nothing], [*documents], list(map(key_document, documents)), [*nothing])
    values = transaction_values(5, 7)
    made = found.batch(
        ops="r" * 20, rows=rows, transactions=(values,) * 20, seq=range(20), clock_ns=1, size=1
    )
    config = JsonConfig({"schemas.enable": "false"})
    encoder = Encoder(JsonFormat(config, is_key=True), JsonFormat(config, is_key=False), SimpleHeaders())
    (encoded,) = encoder.encode(made)
    assert encoded.value_wrap[0].startswith(b'{"before":null,"after":')
    assert encoded.values[3] == b'"{\\"_id\\": 3}"'
    assert records(JsonFormat, made, "false") == records(Slow, made, "false")


def test_values_are_structs() -> None:
    (found,) = Envelopes().records(batch(collection()))
    insert, update, delete, tombstone = found.values
    assert list(insert) == ["before", "after", "updateDescription", "source", "transaction", "op", "ts_ms"]
    assert update["updateDescription"]["removedFields"] == ["gone", "secret"]
    assert (delete["after"], delete["before"], tombstone) == (None, '{"_id": 1}', None)
    assert found.keys == [{"id": "1"}] * 4


@pytest.mark.parametrize("key", [{"_id": 1, "shard": 2}, {"shard": 2, "_id": 1}, {"_id": 1}], ids=str)
def test_keys_are_ids(key: dict[str, int]) -> None:
    assert bson.decode(key_document(bson.encode(key))) == {"_id": 1}
