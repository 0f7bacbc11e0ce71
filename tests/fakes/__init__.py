"""Stand-ins for parts of the product, public to all tests."""
