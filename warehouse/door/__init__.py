"""The door for Python: a data directory in a script or a notebook."""
