"""Builds that are killed, interrupted, starved of disk and read meanwhile, with what must hold.

`python -m tests.run.safety.kills --count 200 --seed 1` is the longer run of the kills.
"""
