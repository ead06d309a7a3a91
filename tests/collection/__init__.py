"""Collections of data directories."""
