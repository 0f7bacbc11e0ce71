"""Types of MySQL and MariaDB: schema, stand-ins and the codecs of both wire forms, by the handling modes.

`resolve` is the way in; a new type is one entry in `registry`.
"""

from cdc.sources.mysql.types.defaults import schema_default
from cdc.sources.mysql.types.forms import SESSION_SETTINGS, Forms, Wire
from cdc.sources.mysql.types.modes import BIGINT_UNSIGNED_MODES, MYSQL_TIME_MODES, Modes
from cdc.sources.mysql.types.names import type_name
from cdc.sources.mysql.types.registry import resolve, select_expression

__all__ = [
    "BIGINT_UNSIGNED_MODES",
    "MYSQL_TIME_MODES",
    "SESSION_SETTINGS",
    "Forms",
    "Modes",
    "Wire",
    "resolve",
    "schema_default",
    "select_expression",
    "type_name",
]
