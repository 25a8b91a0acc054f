"""Commands of the challenges."""
