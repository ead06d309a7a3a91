"""Raw files: which there are, what is in them, and their records as streams."""
