# Commands everybody knows. Each says what it does; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
PROFILE ?= quick
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo check test e2e bench privacy-report screenshots clean

help: ## list these commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

install: $(VENV)/installed ## make .venv and install Barrio into it

demo: $(VENV)/installed assets ## start everything with the demo neighbourhood, on 127.0.0.1
	@$(BIN)/barrio demo $(DEMO)

check: $(VENV)/tested ## the quick part: lint, types, import contracts, unit tests (under two minutes)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n auto --hypothesis-profile=$(PROFILE) -m 'not e2e$(if $(filter quick,$(PROFILE)), and not slow)'

test: system $(VENV)/tested axe ## everything: installs what it needs, then check and the end-to-end tests
	$(MAKE) check PROFILE=thorough
	$(BIN)/python -m pytest -q -m e2e

e2e: system $(VENV)/tested axe ## real brokers, clients and a browser only
	$(BIN)/python -m pytest -q -m e2e

bench: system $(VENV)/tested ## measure, print ratios beside their targets, write docs/benchmarks.md
	$(BIN)/python -m tests.bench

privacy-report: $(VENV)/tested ## make all attacks on a large neighbourhood, write docs/privacy-report.md, fail if one succeeds
	$(BIN)/python -m tests.attacks.report

screenshots: system $(VENV)/tested axe ## every page on a phone, a desk and a wall, light and dark
	$(BIN)/python tools/screenshots.py

.PHONY: system
system: $(VENV)/tested
	@$(BIN)/python tools/system.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Barrio needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	@echo "Installing Barrio into $(VENV) …"
	@$(BIN)/pip install -q --upgrade 'pip>=25'
	@$(BIN)/pip install -q -e .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "Installing what the tests need …"
	@$(BIN)/pip install -q -e '.[test]'
	@touch $@

.PHONY: assets axe
assets: $(VENV)/assets
	@$(BIN)/python tools/collect.py

axe: $(VENV)/assets
	@$(BIN)/python tools/collect.py --tests

$(VENV)/assets: $(VENV)/installed
	@$(BIN)/pip install -q -e '.[assets]'
	@touch $@

clean: ## remove what was built (.venv included)
	rm -rf $(VENV) build dist hub/web/static/vendor .mypy_cache .ruff_cache .pytest_cache
