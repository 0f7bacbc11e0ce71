"""The long form of tests/faults: `make soak`."""
