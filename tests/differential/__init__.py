"""Random SQL through us and through what must agree with us (Debezium, a snapshot): `make differential`."""
