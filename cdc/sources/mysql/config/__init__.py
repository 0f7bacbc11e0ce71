"""Options of the MySQL and MariaDB sources, under Debezium's names, with its defaults and units."""

from cdc.sources.mysql.config.binlog import BinlogOptions
from cdc.sources.mysql.config.connection import BinlogConnection, MariaDbConnection, MySqlConnection

__all__ = ["BinlogConnection", "BinlogOptions", "MariaDbConnection", "MySqlConnection"]
