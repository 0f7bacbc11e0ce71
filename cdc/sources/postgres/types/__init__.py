"""PostgreSQL's types: schema, codec and stand-ins of every type by the handling modes.

`resolve` is the way in; a new type is one entry in `registry`. The text forms are those of a session
with `SESSION_SETTINGS`.
"""

from cdc.sources.postgres.types.catalog import (
    MONEY_SCALE_QUERY,
    SESSION_SETTINGS,
    TYPE_QUERY,
    Kind,
    TypeCatalog,
    TypeInfo,
)
from cdc.sources.postgres.types.defaults import schema_default
from cdc.sources.postgres.types.modes import Modes
from cdc.sources.postgres.types.registry import resolve
from cdc.sources.postgres.types.source_type import source_type

__all__ = [
    "MONEY_SCALE_QUERY",
    "SESSION_SETTINGS",
    "TYPE_QUERY",
    "Kind",
    "Modes",
    "TypeCatalog",
    "TypeInfo",
    "resolve",
    "schema_default",
    "source_type",
]
