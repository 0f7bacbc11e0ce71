"""Where changes go: one module a sink."""
