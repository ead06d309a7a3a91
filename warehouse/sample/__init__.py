"""A made-up raw tree with planted pattern types."""
