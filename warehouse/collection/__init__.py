"""A collection: several data directories under one file, built and looked at together."""
