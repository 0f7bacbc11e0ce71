"""The REST API, as Kafka Connect speaks it."""
