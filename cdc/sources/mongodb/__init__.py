"""MongoDB: change streams, and snapshots along `_id`; as Debezium tells them, or MongoDB's own connector."""

from cdc.sources.mongodb.config import MongoConfig
from cdc.sources.mongodb.mongo_kafka import MongoKafkaConfig, MongoKafkaSource
from cdc.sources.mongodb.source import MongoSource

__all__ = ["MongoConfig", "MongoKafkaConfig", "MongoKafkaSource", "MongoSource"]
