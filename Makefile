# Every target works on a machine that has Python 3.11 and make: uv is fetched into .uv when it is missing.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN = $(UV) run --frozen --all-packages --no-sync
ARGS ?=
WORKERS ?= 3
N ?= 2000
# What tests write is thrown away: where there is room for it in memory, nobody waits for a disk.
TEMPROOT := $(shell [ -w /dev/shm ] && [ "$$(df -k /dev/shm | awk 'END {print $$4}')" -gt 4000000 ] && echo /dev/shm || echo $${TMPDIR:-/tmp})
# The suites start hundreds of processes, and one that has to compile its modules first takes seconds instead of half of one.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test campaign check format bench drill simulate judge-node judge-hl7 openapi docs

help:  ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.synced  ## Install everything from the lock into .venv

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet "uv>=0.9"

.venv/.synced: uv.lock pyproject.toml $(wildcard adapters/*/pyproject.toml) mappings/pyproject.toml
	@command -v uv >/dev/null 2>&1 || $(MAKE) --no-print-directory .uv/bin/uv
	$(UV) sync --frozen --all-packages --compile-bytecode --quiet
	@touch $@

demo: setup  ## Hub, worker and four simulators with a narrated story (ARGS=--once: check every step and exit)
	$(RUN) tyokyky-bridge demo $(ARGS)

test: setup  ## The whole test suite, SQLite and PostgreSQL, with the simulators as real processes
	PYTEST_DEBUG_TEMPROOT=$(TEMPROOT) $(RUN) pytest -n $(WORKERS) --dist worksteal -m "not campaign" $(ARGS)

campaign: setup  ## The longer tests that `make test` leaves out and counts as deselected
	$(RUN) pytest -n $(WORKERS) -m campaign $(ARGS)

check: setup  ## Format, lint, strict types, import contracts, generated files
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) pyright
	$(RUN) lint-imports
	$(RUN) tyokyky-bridge mappings check
	$(RUN) tyokyky-bridge docs --check

format: setup  ## Put sources into the project's format
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

bench: setup  ## Speed as ratios, all in one run
	$(RUN) python -m tests.bench $(ARGS)

simulate: setup  ## The engine in virtual time with seeded faults, and every planted bug (N=2000 scenarios)
	PYTHONPATH=tests $(RUN) python -m simulation --scenarios $(N) --plants $(ARGS)

drill: setup  ## Kill, freeze and cut real processes and databases, and judge what is left (ARGS=--quick)
	$(RUN) python -m tests.drill $(ARGS)

.judge/bodies: setup
	rm -rf .judge
	$(RUN) pytest -n $(WORKERS) -m "not campaign" tests/api/fhir tests/fhir_face --keep-fhir-bodies .judge/bodies

judge-node: .judge/bodies  ## What the FHIR face answers in tests, before the Node judge `fhir` (needs node and npm)
	npm install --prefix .judge --no-save --no-audit --no-fund --silent fhir@4.12.0
	node tests/fhir_face/judge.mjs .judge

judge-hl7: .judge/bodies  ## The same before HL7's validator (needs java, the internet and HL7_VALIDATOR=validator_cli.jar)
	java -jar $(HL7_VALIDATOR) .judge/bodies -version 4.0.1

openapi: setup  ## Write openapi.yaml and the generated reference pages
	$(RUN) tyokyky-bridge docs
