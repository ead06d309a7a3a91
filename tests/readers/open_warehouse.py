"""Read every table and view of the warehouse in the working directory; prints their rows as JSON.

It runs in the environment of another version of DuckDB, so it imports nothing of the project.
"""

import json
import sys

import duckdb

RELATIONS = """
    SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal
    UNION ALL
    SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal
    ORDER BY 1"""
connection = duckdb.connect("warehouse.duckdb", read_only=True)
found = {"duckdb": duckdb.__version__, "tables": connection.execute("SHOW TABLES").fetchall()}
for (name,) in connection.execute(RELATIONS).fetchall():
    found[name] = len(connection.execute(f"FROM {name}").fetchall())
found["macro"] = connection.execute(
    "SELECT count(*) FROM analysis.feature_groups([0.3], 'match_rate')"
).fetchall()
json.dump(found, sys.stdout)
