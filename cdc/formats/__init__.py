"""Formats: how a record becomes bytes and comes back."""
