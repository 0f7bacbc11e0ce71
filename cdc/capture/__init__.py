"""What all database sources share: names, markers, heartbeats, transactions, snapshot windows, numbers."""
