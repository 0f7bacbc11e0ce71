"""Options of the MySQL and MariaDB sources, under Debezium's names, with its defaults and units."""

from cdc.sources.mysql.config.binlog import BinlogOptions
from cdc.sources.mysql.config.connection import BinlogConnection, MariaDbConnection, MySqlConnection
from cdc.sources.mysql.config.history import HistoryOptions

__all__ = ["BinlogConnection", "BinlogOptions", "HistoryOptions", "MariaDbConnection", "MySqlConnection"]
