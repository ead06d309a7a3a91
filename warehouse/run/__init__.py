"""A build: the plan executed on a copy, audited, published by rename."""
