# p2pkd: `make` lists the targets.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help quickstart test check unit test-long results results-list clean

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	@touch $@

quickstart: $(READY) ## install if needed, run scenarios/quickstart.yaml and write its report
	$(BIN)/p2pkd run scenarios/quickstart.yaml

test: check unit ## install if needed, then ruff, mypy, import-linter, pytest

check: $(READY)  ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(READY)   ## the tests alone, without the long ones
	$(BIN)/pytest -m "not long"

test-long: $(READY) ## all tests, those that take minutes included
	$(BIN)/pytest

results: $(READY) ## make every table, figure and number of the docs that is not up to date; ONLY=NAME for one
	$(BIN)/python docs/make_results.py $(addprefix --only ,$(ONLY))

results-list: $(READY) ## list these results: state, minutes on two cores, where they go
	$(BIN)/python docs/make_results.py --list

clean:           ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
