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
.PHONY: help run test fuzz check docs lock sbom bench pictures rule evidence burden conformance collection fixtures findings mutation clean

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r target line; do \
		printf '%-12s %s\n' "$$target" "$$line"; done

run: ## serve on port 8080 (another one: make run PORT=8081)
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) -m cds_service.cli serve --port $(PORT) $(ARGS)

test: ## run all tests
	@$(PYTHON) scripts/environment.py test docs
	@$(IN_VENV) scripts/node_packages.py
	@$(IN_VENV) scripts/chromium.py
	@$(IN_VENV) scripts/fuzzers.py
	@$(IN_VENV) scripts/run_tests.py $(ARGS)

FUZZ_CASES ?= 20000
FUZZED := tests/fuzz tests/present/test_hostile_fixtures.py tests/web/test_tenants_apart.py
fuzz: ## wild calls, bytes, requests and hostile strings, for half an hour or longer (shorter: FUZZ_CASES=2000)
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) scripts/fuzzers.py
	CDS_FUZZ_CASES=$(FUZZ_CASES) CDS_FUZZ=all $(IN_VENV) -m pytest -n 2 $(FUZZED) $(ARGS)

check: ## formatting, lint, types, import contracts, known weaknesses, secrets, no path of one machine
	@$(PYTHON) scripts/environment.py test docs check
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m mypy
	$(IN_VENV) -m mypy scripts
	$(IN_VENV) -m mypy mutation
	$(IN_VENV) -c 'import sys; from importlinter.cli import lint_imports_command as command; sys.exit(command())'
	$(IN_VENV) scripts/check_tree.py
	$(IN_VENV) -m bandit --quiet --ini setup.cfg
	$(IN_VENV) scripts/scan_secrets.py
	$(IN_VENV) scripts/audit.py

docs: ## build the documents as a site in build/site; a link that leads nowhere stops it
	@$(PYTHON) scripts/environment.py docs
	@NO_MKDOCS_2_WARNING=1 $(IN_VENV) -m mkdocs build --strict --clean $(ARGS)
	@echo "Open build/site/index.html. With search: $(IN_VENV) -m http.server --directory build/site 8000"

lock: ## write requirements/*.txt anew from setup.cfg (the newest of all: make lock ARGS=--upgrade)
	@$(PYTHON) scripts/environment.py check
	@$(IN_VENV) scripts/lock.py $(ARGS)

sbom: ## list what runs with the service in build/sbom.cdx.json (CycloneDX)
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) scripts/fuzzers.py
	@$(IN_VENV) scripts/sbom.py

bench: ## measure speed against a bare control server
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) -m bench $(ARGS)

pictures: ## take the pictures of the README and the dashboard page from the browser tests
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) scripts/chromium.py
	@$(IN_VENV) -m pytest tests/browser -k picture_of_the_readme
	cp build/screenshots/readme.png docs/images/page.png
	cp build/screenshots/readme-dashboard.png docs/images/dashboard.png

rule: ## lay down a new rule: make rule NAME=my-new-rule (FAMILY=dose NUMBER=42 if you like)
	@$(PYTHON) scripts/new_rule.py "$(NAME)" --family="$(FAMILY)" --number="$(NUMBER)"

evidence: ## write docs/reference/evidence.md from the statements, the cards and the order set
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/write_evidence.py

burden: ## count the cards that ordinary naltrexone orders bring, and write docs/reference/burden.md
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/burden_report.py --write $(ARGS)

collection: ## write docs/reference/ldn-cds.postman_collection.json from the OpenAPI document
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/write_collection.py

fixtures: ## write fhir_fixtures/manifest.json and dist/ldn-cds-fixtures-VERSION.tar.gz
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/build_fixtures.py

findings: ## write down anew what every rule says about every case, and the order set; then read git diff
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) tests/content/recorded_findings.py
	@$(IN_VENV) tests/titration/recorded_orderset.py

mutation: ## change one thing at a time and count what the tests notice (quick: ARGS="--sample 200")
	@$(PYTHON) scripts/environment.py test
	@$(IN_VENV) -m mutation $(ARGS)

conformance: ## write docs/reference/conformance.md from the demands of CDS Hooks and the tests that cover them
	@$(PYTHON) scripts/environment.py
	@$(IN_VENV) scripts/write_conformance.py

clean: ## remove the virtual environment and everything that was built
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
