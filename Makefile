# The only commands a newcomer needs. Each sets up what it needs, once, in .venv.
VENV ?= .venv
BIN  := $(VENV)/bin
# The newest interpreter that is 3.11 or later; name another with `make PYTHON=/path/to/python test`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TESTS ?= tests

.PHONY: run test check bench soak fix clean help

help: ## say what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 10

run: $(VENV)/.run ## see the whole journey in this terminal, with example data, in under a minute
	$(BIN)/python -m entrepot.testing.journey

test: $(VENV)/.test ## run the tests (no network but loopback)
	$(BIN)/python -m pytest -n 2 --dist worksteal $(TESTS)

check: $(VENV)/.check ## lint, types, layers, formatting
	$(BIN)/ruff check src tests bench examples
	$(BIN)/ruff format --check src tests bench examples
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(VENV)/.test ## measure against peers and floors, and print the table (ten minutes)
	$(BIN)/python -m bench $(BENCH)

soak: $(VENV)/.test ## the long checks: big files, many kills
	$(BIN)/python -m pytest -m soak --timeout 3600 $(TESTS)

fix: $(VENV)/.check ## format and mend what a machine can mend
	$(BIN)/ruff format src tests bench examples
	$(BIN)/ruff check --fix src tests bench examples

clean: ## remove the environment and what tests leave behind
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache bench-results

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Entrepôt needs Python 3.11 or later; none was found. Install one, or run: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group run
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group test
	@touch $@

$(VENV)/.check: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group check
	@touch $@
