"""The same random SQL through us and through real Debezium: `make differential`."""
