"""Change data capture: databases in, Debezium events through a log, tables and indexes out."""

__version__ = "0.1.0"
