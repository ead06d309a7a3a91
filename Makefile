.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo docs test cluster-test bench readers lint lock clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,embed,projections,test]'
	touch $@

demo: .venv/.ready  ## set up, build a sample warehouse in demo/, show a result
	test -d demo/raw || $(BIN)/python cli.py sample demo
	$(BIN)/python cli.py --data demo build
	$(BIN)/python cli.py --data demo query "$$(cat docs/demo.sql)"

docs: .venv/.ready  ## write the generated pages anew: models, commands, settings, questions
	$(BIN)/python -m docs.generate
	$(BIN)/python -m tests.bad_input

test: .venv/.ready lint  ## set up, run the linter and every test
	$(BIN)/python -m tests.readers install
	$(BIN)/python -m pytest -n 2

cluster-test: .venv/.ready  ## install Ray (80 MB) and kill parts of a cluster of three nodes on this machine
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[cluster]'
	$(BIN)/python -m pytest -n 0 tests/cluster

bench: .venv/.ready  ## measure every target beside its peer, into docs/benchmarks.md (half an hour)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m tests.bench

readers: .venv/.ready  ## read the masters with every reader, each in its own environment, into docs/readers.md (4 minutes, 4 GB on disk)
	$(BIN)/python -m tests.readers

lint: .venv/.ready  ## linter, formatter, model versions, order of imports, limits on files and classes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python cli.py models check
	$(BIN)/python -m pytest -n 0 tests/test_layers.py -k 'imports or circle or lines or sql or figures'

lock: .venv/.ready  ## record new model versions in sql/models.lock
	$(BIN)/python cli.py models check --write

clean:  ## remove the environment and the demo
	rm -rf .venv demo *.egg-info .pytest_cache .ruff_cache
