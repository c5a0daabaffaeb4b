# Each target does all its own set-up on a bare machine with Python 3.11+ and pip.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test slow prove check format lock help-pages clean

demo: .venv/installed
	$(BIN)/eraforge demo

test: .venv/tested
	$(BIN)/pytest -n 2 -m "not slow"

slow: .venv/tested
	$(BIN)/pytest -m slow --timeout 1800

# The promises, proven at full scale: hours. Figures go to proof/figures.json, docs/proof.md and the README.
prove: .venv/tested
	$(BIN)/python tools/prove.py

check: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/house

format: .venv/tested
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

help-pages: .venv/tested
	$(BIN)/python tools/help_pages.py
	$(BIN)/python tools/model_pages.py

# Names and versions only: the lock names no registry, so it installs from whichever one a machine uses.
lock: .venv/tested
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --no-annotate --no-header --quiet --output-file constraints.txt

clean:
	rm -rf .venv eraforge-demo

.venv/python:
	$(PYTHON) -m venv .venv
	touch $@

.venv/installed: .venv/python pyproject.toml constraints.txt
	$(PIP) --editable .
	touch $@

.venv/tested: .venv/python pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	touch .venv/installed $@
