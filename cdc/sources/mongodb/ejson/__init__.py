"""Extended JSON as the Java driver prints it, straight from BSON: documents are never decoded.

https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md; what the
driver prints beyond it (spacing, escapes, numbers) was recorded from the driver itself.
"""

from cdc.sources.mongodb.ejson.modes import (
    DEFAULT_JSON,
    EXTENDED,
    EXTENDED_JSON,
    LEGACY,
    RELAXED,
    SIMPLIFIED_JSON,
    UPDATED_FIELDS,
    Mode,
)
from cdc.sources.mongodb.ejson.writer import BrokenDocument, Write, writer

__all__ = [
    "DEFAULT_JSON",
    "EXTENDED",
    "EXTENDED_JSON",
    "LEGACY",
    "RELAXED",
    "SIMPLIFIED_JSON",
    "UPDATED_FIELDS",
    "BrokenDocument",
    "Mode",
    "Write",
    "writer",
]
