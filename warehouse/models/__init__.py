"""SQL models: the files under `sql/`, read, found by name and checked against their versions."""
