"""Exploring the published warehouse in a browser: a view as an address, its SQL, a small server, files."""
