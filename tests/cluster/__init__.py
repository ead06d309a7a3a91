"""Builds on a real Ray cluster of several nodes, inside a network namespace that has only loopback."""
