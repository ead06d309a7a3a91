"""What people see in a terminal: stdout is data, stderr all else."""
