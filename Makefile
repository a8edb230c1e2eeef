# `make` lists the targets. Everything is installed into .venv; constraints.txt pins what must be pinned.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help run install dev test test-gpu test-slow test-postgres test-browser check format lint types imports bench screenshots clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## Serve the shipped model on http://127.0.0.1:8000 (MEMNET_PORT, MEMNET_DATABASE_URL)
	@$(BIN)/memnet serve

install: $(VENV)/.installed
dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "memnet needs Python 3.11 or newer; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing memnet into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing memnet and its development tools into $(VENV)"
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.installed

test: dev ## The fast tests: no network, no data beyond the repository
	$(PYTEST) -m "not slow and not postgres and not babi and not browser and not gpu"

test-postgres: dev ## The store's tests on a PostgreSQL server that they start themselves
	$(PYTEST) -m postgres

test-browser: dev ## The page in a real chromium (Debian: apt-get install chromium)
	$(PYTEST) -m browser

test-gpu: dev ## Training on a GPU (CUDA), where there is one
	$(PYTEST) -m gpu

test-slow: dev ## Kill -9 loops, and training on the bAbI files of MEMNET_BABI_DIR
	$(PYTEST) -m "(slow or babi) and not postgres and not browser"

check: format lint types imports test ## What CI checks first: format, lint, types, import contracts, fast tests

format: dev
	$(BIN)/ruff format --check .

lint: dev
	$(BIN)/ruff check .

types: dev
	$(BIN)/mypy

imports: dev
	$(BIN)/lint-imports --no-cache

bench: dev ## Training throughput on one core (MEMNET_BABI_DIR)
	$(BIN)/python benchmarks/training_speed.py

screenshots: dev ## Take the pictures in docs/screenshots anew, of a service of its own
	@folder=$$(mktemp -d); \
	MEMNET_DATABASE_URL=sqlite:///$$folder/memnet.db MEMNET_PORT=8199 $(BIN)/memnet serve & \
	trap "kill $$!; rm -rf $$folder" EXIT; \
	until $(BIN)/python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8199/readyz')" 2>/dev/null; do \
	  sleep 0.2; done; \
	$(BIN)/python tests/browser/screenshots.py http://127.0.0.1:8199

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
