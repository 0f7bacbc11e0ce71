"""Options of the MySQL and MariaDB sources, under Debezium's names, with its defaults and units."""

from __future__ import annotations

from cdc.relational.config import RelationalConfig
from cdc.sources.mysql.config.binlog import BinlogOptions
from cdc.sources.mysql.config.connection import BinlogConnection, MariaDbConnection, MySqlConnection
from cdc.sources.mysql.config.converters import ConverterOptions
from cdc.sources.mysql.config.filters import BinlogFilters
from cdc.sources.mysql.config.history import HistoryOptions
from cdc.sources.mysql.config.snapshot import BinlogSnapshot, MariaDbSnapshot, MySqlSnapshot
from cdc.sources.mysql.config.types import BinlogTypes


class BinlogConfig(
    BinlogSnapshot,
    BinlogTypes,
    BinlogFilters,
    ConverterOptions,
    RelationalConfig,
    HistoryOptions,
    BinlogOptions,
    BinlogConnection,
):
    """The options that both connectors have."""


class MySqlConfig(MySqlSnapshot, MySqlConnection, BinlogConfig):
    """All options of the MySQL connector."""


class MariaDbConfig(MariaDbSnapshot, MariaDbConnection, BinlogConfig):
    """All options of the MariaDB connector."""


__all__ = [
    "BinlogConfig",
    "BinlogConnection",
    "BinlogOptions",
    "HistoryOptions",
    "MariaDbConfig",
    "MariaDbConnection",
    "MySqlConfig",
    "MySqlConnection",
]
