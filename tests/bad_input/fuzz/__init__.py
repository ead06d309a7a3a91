"""Coverage-guided fuzzing of the two readers of hand-written files; not a part of the suite.

pip install -e '.[fuzz]'
python -m tests.bad_input.fuzz settings CORPUS -max_total_time=300     # warehouse.toml and --set
python -m tests.bad_input.fuzz header CORPUS -max_total_time=300       # headers of sql/*/*.sql

CORPUS is a directory that keeps what was found between runs; options are libFuzzer's. A finding is
written to ./crash-*; give that file in CORPUS's place to run it again.
"""
