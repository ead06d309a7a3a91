"""Tests of input that is broken: what the user sees, and what else is read."""
