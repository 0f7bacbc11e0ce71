"""JSON as Kafka Connect's JsonConverter writes and reads it, byte for byte."""

from cdc.formats.json.converter import JsonConfig, JsonFormat

__all__ = ["JsonConfig", "JsonFormat"]
