# Everything runs in .venv, made from constraints.txt when it is missing or out of date.
# Needs Python 3.11+, git and make; nothing else is installed by hand.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The suite starts hundreds of programs: none of them is to compile again what the one before has compiled.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# The parts of the repository that hold Python code (`make lint` reads these).
CODE = $(shell for part in escalade store configuration activities workflows worker gateway cli tests benchmarks \
  docs examples; do [ -z "$$(find $$part -name '*.py' -print -quit 2>/dev/null)" ] || echo $$part; done)
# What pytest is given: make test ARGS="-k snooze -x"
ARGS ?=

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: .venv/ready ## watch tickets climb, and a worker be killed: embedded Temporal, under 90 seconds
	@$(BIN)/escalade demo

.PHONY: test
test: .venv/ready ## the whole suite on the real servers (ARGS="-k name -x" goes to pytest)
	@tools/need-postgres.sh
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

.PHONY: lint
lint: .venv/ready ## ruff (rules and format) and mypy --strict
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)

.PHONY: format
format: .venv/ready ## let ruff mend what it can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: coverage
coverage: .venv/ready ## the suite with branch coverage
	@tools/need-postgres.sh
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term $(ARGS)

.PHONY: bench
bench: .venv/ready ## the numbers in docs/, measured on this machine
	@$(BIN)/python -m benchmarks

.PHONY: docs
docs: .venv/ready ## write the generated reference again
	@$(BIN)/python docs/generate.py

.PHONY: wheel
wheel: .venv/ready ## build the wheel and prove it in an empty environment
	@tools/check-wheel.sh

.PHONY: compose
compose: ## check docker-compose.yml (needs no Docker engine)
	@tools/check-compose.sh

.PHONY: venv
venv: .venv/ready ## only the environment

.PHONY: constraints
constraints: ## resolve constraints.txt anew from pyproject.toml
	@rm -rf build/resolve && mkdir -p build
	@tools/make-venv.sh build/resolve
	@build/resolve/bin/python -m pip install --quiet -e '.[embedded,postgres,dev]'
	@{ grep '^#' constraints.txt; build/resolve/bin/python -m pip freeze --exclude-editable \
	  --exclude escalade --exclude pip --exclude setuptools; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/resolve
	@git --no-pager diff --stat -- constraints.txt

.PHONY: clean
clean: ## remove the environment, caches and what was built
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an interrupted installation is done again.
.venv/ready: pyproject.toml constraints.txt tools/make-venv.sh
	@test -x $(BIN)/python && $(BIN)/python -c 'import pip' 2>/dev/null || tools/make-venv.sh .venv
	@echo "installing what constraints.txt names into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded,postgres,dev]'
	@touch $@
