"""Tests of the SQL models."""
