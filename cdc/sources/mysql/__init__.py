"""MySQL and MariaDB: the binary log and consistent snapshots."""
