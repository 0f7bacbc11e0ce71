"""MongoDB: change streams, and snapshots along `_id`."""

from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.source import MongoSource

__all__ = ["MongoConfig", "MongoSource"]
