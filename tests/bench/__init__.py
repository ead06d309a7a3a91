"""Benchmarks: each target of the project measured beside a named peer. `make bench`."""
