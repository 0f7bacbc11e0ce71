"""Custom converters: how one column is told otherwise than its type says."""
