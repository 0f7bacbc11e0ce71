"""Options that all database sources share, under Debezium's names, with its defaults and units."""
