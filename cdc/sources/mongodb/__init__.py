"""MongoDB: change streams, and snapshots by ranges of `_id`."""
