"""MySQL and MariaDB: the binary log and consistent snapshots."""

from cdc.sources.mysql.config import MariaDbConfig, MySqlConfig
from cdc.sources.mysql.source import MariaDbSource, MySqlSource

__all__ = ["MariaDbConfig", "MariaDbSource", "MySqlConfig", "MySqlSource"]
