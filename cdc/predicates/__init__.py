"""Predicates: the records a transform applies to."""
