# Bare `make` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run fmt lint test test-noun simulate mutate check bench lock clean

help:            ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("需要 Python 3.11 或更高版本：make PYTHON=python3.11 …") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

setup: $(STAMP)  ## virtual environment from the pinned lock

run: $(STAMP)    ## database, calendars, Prefect, one morning round; keeps running until Ctrl-C
	$(BIN)/duban run --trial

lint: $(STAMP)   ## format, style, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fmt: $(STAMP)    ## put every file into the house's format, imports in order
	$(BIN)/ruff check --fix --select I,F401 .
	$(BIN)/ruff format .

test: lint       ## lint, then every test
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-noun: $(STAMP) ## the tests of one noun or door: make test-noun NOUN=evidence
	$(BIN)/python -m pytest -n 0 tests/$(NOUN)

simulate: $(STAMP) ## whole years on a virtual clock, calm and under faults: the long tests that `make test` leaves out
	$(BIN)/python -m pytest -n logical --maxprocesses 4 -m "long or not long" tests/simulation

mutate: $(STAMP)  ## plant every fault of tests/simulation/mutants.py and tell which are caught, and by what
	$(BIN)/python -m tests.simulation.mutate

check: test      ## the same by its other name

bench: $(STAMP)  ## what is claimed about speed, as ratios measured in one run
	$(BIN)/python -m benchmarks

lock:            ## pin again (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements.lock

clean:           ## remove the virtual environment and caches, never .duban/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
