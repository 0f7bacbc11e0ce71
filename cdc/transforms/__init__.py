"""Single message transforms, one a module."""
