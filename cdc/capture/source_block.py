"""The `source` struct of events: the fields that all of Debezium's relational connectors begin it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdc.batch import Ref, SourceBlock
from cdc.plugin import Source
from schemas import connect, logical
from schemas.connect import OPTIONAL_INT64, OPTIONAL_STRING, Schema, Type

SNAPSHOT_MARKERS = ("true", "first", "first_in_data_collection", "last_in_data_collection", "last")

_SNAPSHOT = Schema(
    Type.STRING,
    optional=True,
    name=logical.ENUM,
    version=1,
    parameters=(("allowed", ",".join((*SNAPSHOT_MARKERS, "false", "incremental"))),),
    default="false",
)


def source_schema(name: str, own: Sequence[tuple[str, Schema]]) -> Schema:
    """Return the schema of a connector's `source`, which ends with its own fields."""
    return connect.struct(
        name,
        [
            ("version", connect.STRING),
            ("connector", connect.STRING),
            ("name", connect.STRING),
            ("ts_ms", connect.INT64),
            ("snapshot", _SNAPSHOT),
            ("db", connect.STRING),
            ("sequence", OPTIONAL_STRING),
            ("ts_us", OPTIONAL_INT64),
            ("ts_ns", OPTIONAL_INT64),
            *own,
        ],
        version=1,
    )


def source_block(
    schema: Schema,
    connector: str,
    prefix: str,
    snapshot: str,
    database: str,
    sequence: Any,
    own: Sequence[Any],
) -> SourceBlock:
    """Return the block of a table's events.

    sequence and own: as `SourceBlock.fields` has them. snapshot: a marker, or `false`. The first three
    transaction-level values are `clock_values`.
    """
    common = (
        Source.version,
        connector,
        prefix,
        Ref(0, 0),
        snapshot,
        database,
        sequence,
        Ref(0, 1),
        Ref(0, 2),
    )
    return SourceBlock(schema, (*common, *own))


def clock_values(us: int) -> tuple[int, int, int]:
    """Return `ts_ms`, `ts_us` and `ts_ns` of a moment."""
    return us // 1000, us, us * 1000
