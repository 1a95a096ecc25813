# `make demo` and `make test` set everything up first, on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test check lint format wheel clean

demo: .venv/demo          ## translate and summarise the sample article
	@$(BIN)/mt models get recommended --timeout 15 --or-offline
	$(BIN)/mt translate seeds/nato-hague-summit.txt --summary 3 --quality best

test: .venv/dev           ## all tests
	$(BIN)/python -m pytest

lint: .venv/dev           ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test          ## everything that must hold before a change lands

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: .venv/dev
	$(BIN)/python -m build --wheel

clean:
	rm -rf .venv dist build

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=")'
	$(PYTHON) -m venv .venv

.venv/demo: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet -c constraints.txt -e '.[files]'
	@touch $@

.venv/dev: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ .venv/demo
