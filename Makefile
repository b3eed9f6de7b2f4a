# One target per thing a person does; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
JOBS ?= 2

.PHONY: help setup up down demo test lint unit e2e deno bench lock clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.installed node_modules/.installed ## Install everything the project needs, into the project

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (set PYTHON=…)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

node_modules/.installed: package.json package-lock.json
	@node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major * 100 + minor < 2014 ? 1 : 0)' || { echo "Node 20.14 or newer is needed."; exit 1; }
	@echo "Installing Node packages …"
	@npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

up: setup ## Start the local platform and the worker, until Ctrl-C
	@$(BIN)/lamina up

down: setup ## Stop what `lamina up --detach` or `make demo KEEP=1` left running
	@$(BIN)/lamina down

demo: setup ## A PDF goes in, a cited answer comes out (PDF=path Q="…" KEEP=1)
	@$(BIN)/lamina demo ask $(if $(PDF),--pdf "$(PDF)") $(if $(Q),--question "$(Q)") $(if $(KEEP),--keep)

test: setup lint deno unit e2e ## Everything CI checks
	@echo "All checks passed."

lint: setup ## Format, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet . || { echo "Run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

deno: setup ## Type check and tests of the edge functions
	@$(BIN)/lamina functions check

unit: setup ## Tests of code and database, in parallel
	@$(BIN)/pytest tests --ignore=tests/e2e -n $(JOBS) --dist worksteal

e2e: setup ## End to end on one local platform
	@$(BIN)/pytest tests/e2e

bench: setup ## Measure against the peers; writes bench/results.json and a plot
	@test -x $(BENCH)/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python $(BENCH)
	@VIRTUAL_ENV=$(abspath $(BENCH)) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(abspath $(BENCH)) $(BIN)/uv pip install --quiet -r bench/requirements.txt
	@VIRTUAL_ENV=$(abspath $(BENCH)) $(BIN)/uv pip install --quiet --no-deps --editable .
	@$(BENCH)/bin/python -m bench

lock: setup ## Resolve the dependencies anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.lock pyproject.toml
	@npm install --package-lock-only --no-audit --no-fund --loglevel=error

clean: ## Remove what setup and runs created
	@if [ -x $(BIN)/lamina ]; then $(BIN)/lamina down || true; fi
	@rm -rf $(VENV) $(BENCH) node_modules .lamina .mypy_cache .ruff_cache .pytest_cache .hypothesis
