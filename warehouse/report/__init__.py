"""The report: one page on what was built and what the results are."""
