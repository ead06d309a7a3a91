"""Tests of the plan: what runs and why."""
