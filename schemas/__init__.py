"""Connect schemas, logical types and table definitions."""
