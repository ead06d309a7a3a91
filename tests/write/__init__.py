"""Tests of the files that are written."""
