"""Tests of what is shown of a published warehouse."""
