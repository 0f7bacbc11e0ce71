# Everything runs from .venv, which is made from requirements.lock at the first run of any target and
# brought up to date when the lock changes. Choose another interpreter with PYTHON=…
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

PYTHON ?= $(shell tools/choose-python)
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check --no-input
READY := $(VENV)/.ready

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- use

.PHONY: demo
demo: $(READY) ## A real PostgreSQL into a table, in ten seconds
	$(BIN)/cdc demo

# ---- check

.PHONY: test
test: $(READY) ## Run the tests and measure coverage (ARGS="-k name": some, in one process, unmeasured)
	$(PY) -m pytest $(or $(ARGS),-n 2 --cov --cov-report=term)

.PHONY: lint
lint: $(READY) ## Check style, types, import layers and that docs/reference is up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PY) -m tools.layers
	$(PY) -m tools.docs --check

.PHONY: format
format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# ---- prove

.PHONY: bench
bench: $(READY) ## Measure against real Debezium in the same run; writes bench/results.json
	$(PY) -m bench $(ARGS)

.PHONY: soak
soak: $(READY) ## The long crash test: kill -9 and restarts under load
	$(PY) -m pytest tests/soak --timeout=0 $(ARGS)

.PHONY: differential
differential: $(READY) ## Random SQL: our events and real Debezium's, streams and snapshots must be equal
	$(PY) -m pytest tests/differential --timeout=0 $(ARGS)

.PHONY: golden
golden: $(READY) ## Record the golden events anew from real Debezium
	$(PY) -m tests.golden.record $(ARGS)

# ---- make

.PHONY: docs
docs: $(READY) ## Write docs/reference from the option models of the plugins
	$(PY) -m tools.docs

.PHONY: lock
lock: ## Bring requirements.lock up to pyproject.toml (ARGS=--upgrade: everything to its newest)
	@python='$(PYTHON)'; test -n "$$python" || exit 1; tools/lock "$$python" $(ARGS)

.PHONY: venv
venv: $(READY) ## Make .venv, as every target does by itself

.PHONY: clean
clean: ## Remove .venv and everything else that was made
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.locked: requirements.lock
	@python='$(PYTHON)'; test -n "$$python" || exit 1; \
	echo "making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements.lock
	@touch $@

$(READY): $(VENV)/.locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
