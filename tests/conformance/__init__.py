"""What every plugin of a kind has to do, run over all that are registered."""
