"""What differs between MySQL and MariaDB beyond the options: one object each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cdc.capture import source_block as common
from cdc.sources.mysql.gtid import GtidSet, MariaDbGtidSet, MySqlGtidSet
from schemas import connect
from schemas.connect import OPTIONAL_INT64, OPTIONAL_STRING, Schema, Type


def _source_schema(connector: str) -> Schema:
    return common.source_schema(
        f"io.debezium.connector.{connector}.Source",
        [
            ("table", OPTIONAL_STRING),
            ("server_id", connect.INT64),
            ("gtid", OPTIONAL_STRING),
            ("file", connect.STRING),
            ("pos", connect.INT64),
            ("row", Schema(Type.INT32)),
            ("thread", OPTIONAL_INT64),
            ("query", OPTIONAL_STRING),
        ],
    )


@dataclass(frozen=True, slots=True)
class Flavour:
    """One of the two products.

    connector: its name in `source`, headers and schema names. source_schema: Debezium's `source` block (3.6).
    parse_gtids: the set that a text lists; raises ValueError.
    """

    connector: str
    mariadb: bool
    gtid_set: type[GtidSet]
    source_schema: Schema
    parse_gtids: Callable[[str], GtidSet]


MYSQL = Flavour("mysql", False, MySqlGtidSet, _source_schema("mysql"), MySqlGtidSet.parse)
MARIADB = Flavour("mariadb", True, MariaDbGtidSet, _source_schema("mariadb"), MariaDbGtidSet.parse)
