"""What keys and values are made of documents: text, bytes, or values under a schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cdc.sources.mongodb import ejson
from cdc.sources.mongodb.elements import DOCUMENT
from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig
from cdc.sources.mongodb.mongo_kafka.inference import infer_schema
from cdc.sources.mongodb.mongo_kafka.schema_values import Read, ValueReader
from schemas.connect import BYTES, STRING, Schema

Produce = Callable[[bytes], tuple[Schema, Any]]
"""Returns schema and value of a document; raises UnsupportedValue."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """How keys and values are made. whole_key: whether the key is made of the whole event."""

    key: Produce
    value: Produce
    whole_key: bool

    @classmethod
    def of(cls, config: MongoKafkaConfig) -> Outputs:
        """Return the outputs that the options ask for."""
        mode = config.json_mode
        key = _producer(config.key_format, config.key_schema, mode)
        if config.value_format == "schema" and config.infer_value_schema:
            value = _inferring(mode)
        else:
            value = _producer(config.value_format, config.value_schema, mode)
        return cls(key, value, config.key_format == "schema")


def _producer(output: str, schema: Schema, mode: ejson.Mode) -> Produce:
    if output == "json":
        write = ejson.writer(mode)
        return lambda data: (STRING, write(data))
    if output == "bson":
        return lambda data: (BYTES, data)
    read = ValueReader(mode).of(schema)
    return lambda data: (schema, read(DOCUMENT, data))


def _inferring(mode: ejson.Mode) -> Produce:
    """Return what makes a schema of each document; schemas that are alike are one."""
    reader = ValueReader(mode)
    known: dict[Schema, tuple[Schema, Read]] = {}

    def produce(data: bytes) -> tuple[Schema, Any]:
        inferred = infer_schema(data)
        if inferred not in known:
            if len(known) >= _KNOWN:
                known.clear()
            known[inferred] = (inferred, reader.of(inferred))
        schema, read = known[inferred]
        return schema, read(DOCUMENT, data)

    return produce


_KNOWN = 1000
"""Schemas that are remembered."""
