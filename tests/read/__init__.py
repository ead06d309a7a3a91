"""Tests of reading the raw files."""
