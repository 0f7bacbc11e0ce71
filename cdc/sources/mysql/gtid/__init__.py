"""Sets of GTIDs: what has been executed, read, purged."""

from cdc.sources.mysql.gtid.filters import SourceFilter
from cdc.sources.mysql.gtid.mariadb import MariaDbGtidSet
from cdc.sources.mysql.gtid.mysql import MySqlGtidSet

GtidSet = MySqlGtidSet | MariaDbGtidSet

__all__ = ["GtidSet", "MariaDbGtidSet", "MySqlGtidSet", "SourceFilter"]
