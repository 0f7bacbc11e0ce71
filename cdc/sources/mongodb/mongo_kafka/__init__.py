"""The other connector that users know: MongoDB's own for Kafka (mongo-kafka). Its options, its records."""

from cdc.sources.mongodb.mongo_kafka.config import MongoKafkaConfig
from cdc.sources.mongodb.mongo_kafka.source import MongoKafkaSource

__all__ = ["MongoKafkaConfig", "MongoKafkaSource"]
