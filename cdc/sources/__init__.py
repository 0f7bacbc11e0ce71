"""Sources: databases and other places that changes come from."""
