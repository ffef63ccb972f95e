# Every target says what it does: `make help`.
PYTHON ?= python3
BIN := .venv/bin
.PHONY: help setup serve test check format lint types imports docs bench soak long

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e ".[dev]"
	touch $@

setup: .venv/ready ## make .venv with everything that developing needs

serve: setup ## run the platform with the demo suite on the embedded PostgreSQL
	$(BIN)/objectry serve --demo

test: setup ## run the tests on the embedded PostgreSQL
	$(BIN)/pytest -q -n auto

check: format lint types imports test docs ## everything CI checks, on this checkout

format: setup ## reformat the code
	$(BIN)/ruff format .

lint: setup ## look for mistakes and for code that is not formatted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## check the types with mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright

imports: setup ## check which way imports point
	$(BIN)/lint-imports

docs: setup ## build the documentation into site/
	$(BIN)/zensical build --clean

bench: setup ## measure us beside hand-written servers and pgbench (half an hour)
	$(BIN)/python -m tests.performance.bench --scale full --rounds 3 --history
	$(BIN)/python -m tests.performance.definitions
	$(BIN)/python -m tests.performance.startup

soak: setup ## 30 minutes of mixed load while PostgreSQL dies in every way there is
	$(BIN)/python -m tests.performance.soak --minutes 30

long: setup ## the full counts: properties, conformance, security, 20 kills under load, cuts at each byte (minutes)
	OBJECTRY_PROPERTY_EXAMPLES=2000 OBJECTRY_KILLS=20 OBJECTRY_FAULT_ROUNDS=200 OBJECTRY_FAULT_STEP=1 OBJECTRY_FAULT_STOPS=10 $(BIN)/pytest -q -n auto tests/properties tests/conformance tests/security tests/faults
