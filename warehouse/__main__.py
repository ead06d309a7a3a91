"""`python -m warehouse`: the command line."""

from cli import main

main()
