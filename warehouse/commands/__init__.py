"""The commands: each parses, calls one function, and shows what it returns."""
