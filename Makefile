# Two commands: `make demo` and `make test`. Both set up all they need in .venv, from nothing but
# Python 3.11 or newer, git and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint types imports unit cover docs web web-test bench train clean

demo: .venv/.product
	$(BIN)/corcal demo --out demo

test: lint types imports unit docs

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev
	$(BIN)/mypy

imports: .venv/.dev
	$(BIN)/lint-imports

unit: .venv/.dev
	$(BIN)/pytest -n 2 --dist worksteal

# The same with what the tests leave untouched: twice the time, so not a part of `make test`.
cover: .venv/.dev
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term --cov-fail-under=85

docs: .venv/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The screen is built from web/ into the package, and what is built is committed: only who changes it
# needs Node 20 or newer. A test tells when the two do not belong together.
web: web/node_modules/.done
	cd web && npm run --silent build

# A browser reads an exam from upload to report, against the real server: Chromium has to be there.
web-test: web/node_modules/.done .venv/.product
	cd web && npm run --silent unit && npm run --silent e2e

web/node_modules/.done: web/package.json web/package-lock.json
	cd web && npm ci --silent
	@touch $@

bench: .venv/.dev
	$(BIN)/python -m benchmarks

# Makes the models that come with corcal anew: under three hours on two cores. PyTorch is needed for
# this alone, and lives in an environment of its own.
train: .venv-training/.done
	.venv-training/bin/python -m training

.venv-training/.done: pyproject.toml training/requirements.txt
	$(PYTHON) -m venv .venv-training
	.venv-training/bin/python -m pip install --quiet --requirement training/requirements.txt
	.venv-training/bin/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "corcal needs Python 3.11 or newer; found $$($(PYTHON) --version): set PYTHON=..."; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.product: pyproject.toml constraints.txt | .venv/bin/python
	@echo "setting up .venv (about a minute)"
	$(PIP) install --constraint constraints.txt --editable .
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "setting up .venv with the tools of development (about a minute)"
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@ .venv/.product

clean:
	rm -rf .venv demo site .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
