# Everything from a fresh clone: make run, make test. Nothing but Python 3.11+ and make is needed; for the tests Node 20+ and Chromium.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := tests/browser/node_modules/.installed
TESTS ?=
PROCESSES ?= 3

# A shell starts background jobs with Ctrl-C ignored, and what is ignored stays so in every child: the tests
# that send it would find it without effect.
WITH_CTRL_C := $(BIN)/python -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); \
	os.execv(sys.executable, [sys.executable, *sys.argv[1:]])'

# Every process that a stack or a test starts would else compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install peers run test test-full check format contracts api record-histories sample demo clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## make the virtual environment with the pinned packages, if anything changed

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "no virtual environment could be made: is the venv module installed?" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

peers: $(PEERS) ## install what the tests alone need from npm: an OpenID provider, axe, html-validate

$(PEERS): tests/browser/package.json tests/browser/package-lock.json
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && command -v npm >/dev/null \
		|| { echo "The tests need Node 20 or later with npm: install both, then make test again." >&2; exit 2; }
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefix tests/browser
	@touch $(PEERS)

run: install ## start PostgreSQL, Temporal with its UI, our processes and the mail catcher; Ctrl-C stops all
	@exec $(BIN)/iehe up --with-parent

# A test process that crashes is not started again: near the end of a run xdist would then wait for ever.
test: install peers ## run all tests against the real servers (TESTS=path for some, PROCESSES=n at once)
	@$(WITH_CTRL_C) -m pytest --quiet -n $(PROCESSES) --dist loadfile --max-worker-restart=0 $(TESTS)

test-full: export IEHE_TESTS := full
test-full: test ## the same with ten times the generated requests, more kills and a longer outage

check: install ## linters, types, import direction, migrations, contract lock
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_imports.py tests/schemas/test_contracts.py tests/workers/test_migrations.py

format: install ## lay out the code
	$(BIN)/ruff format .

contracts: install ## write down the models that cross borders, after fields were added to them
	$(BIN)/python -m tests.schemas.test_contracts

api: install ## write down what the gateway can be asked, after a model or a route changed
	$(BIN)/python -m tests.gateway.test_documents

record-histories: install ## record the histories of endings that have none yet, for the replay test
	$(BIN)/python -m pytest --quiet tests/replay/record.py tests/outreach/record.py tests/support/record.py tests/exchange/record.py tests/dormitory/record.py tests/round/record.py

sample: install ## write a sample file of applications and one of staff
	$(BIN)/iehe sample admissions --rows 100 --out sample-applications.csv
	$(BIN)/iehe sample staff --out sample-staff.csv

demo: install ## play the sample cases of a process to their end on servers of its own
	@exec $(BIN)/iehe demo

clean: ## remove the virtual environment and what the tools left; never touches IEHE_HOME
	rm -rf $(VENV) tests/browser/node_modules dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
