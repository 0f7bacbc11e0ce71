"""Kafka as the log: rows, offsets and the worker's state live in topics as Kafka Connect has them."""

from cdc.transport.kafka.config import KafkaConfig
from cdc.transport.kafka.log import KafkaLog

__all__ = ["KafkaConfig", "KafkaLog"]
