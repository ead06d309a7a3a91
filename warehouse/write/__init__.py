"""Tables → files: the master parquets and the JSON files."""
