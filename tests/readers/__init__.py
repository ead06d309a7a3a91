"""Other readers of the master files, each in an environment of its own. `make readers`."""
