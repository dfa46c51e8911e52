# `make` alone lists what there is. Everything happens in .venv, which is made and kept up to date as needed.

# The first Python that is new enough.
FIND_PYTHON = for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && exit; done; \
	echo python3
PYTHON ?= $(shell $(FIND_PYTHON))
IN_VENV := .venv/bin/python
PORT ?= 8080
# Further words for the command: make test ARGS="-k pregnancy", make bench ARGS=--quick
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench rule evidence burden clean

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r target line; do \
		printf '%-12s %s\n' "$$target" "$$line"; done

run: ## serve on port 8080 (another one: make run PORT=8081)
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) -m cds_service.cli serve --port $(PORT) $(ARGS)

test: ## run all tests
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) scripts/run_tests.py $(ARGS)

check: ## formatting, lint, types, import contracts, no path of one machine
	@$(PYTHON) scripts/environment.py test check
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m mypy
	$(IN_VENV) -m mypy scripts
	$(IN_VENV) -c 'import sys; from importlinter.cli import lint_imports_command as command; sys.exit(command())'
	$(IN_VENV) scripts/check_tree.py

bench: ## measure speed against a bare control server
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) -m bench $(ARGS)

rule: ## lay down a new rule: make rule NAME=my-new-rule (FAMILY=dose NUMBER=42 if you like)
	@$(PYTHON) scripts/new_rule.py "$(NAME)" --family="$(FAMILY)" --number="$(NUMBER)"

evidence: ## write docs/reference/evidence.md from the statements, the cards and the order set
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/write_evidence.py

burden: ## count the cards that ordinary naltrexone orders bring, and write docs/reference/burden.md
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/burden_report.py --write $(ARGS)

clean: ## remove the virtual environment and everything that was built
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
