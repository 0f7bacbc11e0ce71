"""Events recorded from real Debezium, and what is needed to record and to compare them."""
