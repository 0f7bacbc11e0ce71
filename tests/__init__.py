"""The tests of cdc."""
