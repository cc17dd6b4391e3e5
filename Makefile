# Everything a person types here; `make` alone lists it. Needs Python 3.11+ with venv, git and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
UI := services/web-ui/src/web_ui/static/index.html
SOURCES := $(wildcard libs/*/src services/*/src deploy/*/src) tests benchmarks/queue
# Each is a call of its own: modules of different folders share names, such as conftest.
TEST_FOLDERS := $(filter-out services/web-ui/%,$(wildcard libs/*/tests services/*/tests deploy/*/tests))
export OMP_WAIT_POLICY ?= PASSIVE
TEST_PROCESSES ?= 2
# One thread of torch in each process: the tensors are tiny, and more would fight over the cores.
PARALLEL = OMP_NUM_THREADS=1 $(BIN)/pytest -n $(TEST_PROCESSES)
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install install-dev demo up down test quick chaos test-e2e test-backends install-comfyui install-llm test-deploy check contracts bench-queue bench-platform bench-backends bench-webhooks bench-sockets bench-ui bench-gpu bench-overhead proto-schemas lint types format migrate clean images metrics-page log-events-page release-check release-payloads sbom lint-deploy bench-autoscaling layers train-mini ui ui-dev ui-check ui-shots

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## Install what runs Darkroom into .venv
	@deploy/local/setup.sh stack

install-dev: ## Install what tests and checks it, too
	@deploy/local/setup.sh dev

demo: install ## Make six pictures, a video and an enhanced prompt on this machine
	@$(BIN)/darkroom demo

up: install ## Run the whole stack in the foreground (Ctrl-C stops it)
	@[ -e $(UI) ] || services/web-ui/build.sh || echo "The web UI was not built; the stack starts without it."
	@$(BIN)/darkroom up

ui: install ## Build the web UI, which platform-api serves when it starts
	@services/web-ui/build.sh

ui-dev: install ## Serve the web UI with hot reload, against the running stack
	@DARKROOM_PLATFORM_URL="$$($(BIN)/darkroom env | sed -n 's/^DARKROOM_PLATFORM_URL=//p')" services/web-ui/build.sh dev

ui-check: install-dev ## Check types, style and unit tests of the web UI
	@services/web-ui/build.sh check
	@services/web-ui/build.sh test

ui-shots: install-dev ui ## Photograph every page in both themes and three widths into docs/pictures/ui
	$(BIN)/pytest -q tests/ui/gallery.py

down: install ## Stop a stack that runs in the background
	@$(BIN)/darkroom down

test: install-dev ## Run all tests in TEST_PROCESSES (2) processes, those in a browser and through the running stack included
	@services/web-ui/build.sh || echo "The web UI was not built: its tests in a browser are skipped."
	$(PARALLEL) --durations=25

quick: install-dev ## Run the tests that need no servers, in less than a minute: unit tests and contracts
	$(PARALLEL) $(wildcard libs/*/tests/unit services/*/tests/unit deploy/*/tests/unit) tests/contract

chaos: export ORACLE_SEED := $(or $(ORACLE_SEED),$(CHAOS_SEED),$(shell echo $$((RANDOM + 1))))
chaos: install-dev ## Break workers, servers, platform-api and network for CHAOS_MINUTES (10) each, on Valkey and Redis; CHAOS_SEED repeats a run, ORACLE_SEED the model test
	@command -v redis-server >/dev/null || { echo "make chaos needs Redis beside Valkey: apt-get install redis-server"; exit 1; }
	CHAOS_MINUTES=$${CHAOS_MINUTES:-10} CHAOS_CRASH_POINTS=10000 ORACLE_EXAMPLES=1000 $(BIN)/pytest --timeout 0 tests/chaos tests/fuzz libs/darkroom-queue/tests/model
	PLATFORM_TEST_JOBS=1000000 $(BIN)/pytest --timeout 0 services/platform-api/tests/integration/test_query_plans.py
	DARKROOM_TEST_REDIS=$$(command -v redis-server) $(BIN)/pytest --timeout 0 libs/darkroom-queue tests/chaos

test-e2e: install-dev ## Run only the tests through the running stack
	$(BIN)/pytest tests/e2e

install-comfyui: install-dev ## Install a ComfyUI (GPL) into .comfyui, as a process of its own for test-backends
	@tests/backends/install-comfyui.sh

install-llm: install-dev ## Install a llama.cpp server with a small model into .llm, for test-backends
	@tests/backends/install-llm.sh

test-backends: install-comfyui install-llm ## Run the tests with real back ends: ComfyUI, llama.cpp, Ollama's protocol (about 7 minutes)
	TEST_BACKENDS=1 OMP_NUM_THREADS=1 $(BIN)/pytest tests/backends

test-deploy: install-dev images ## Start the images with docker-compose.yml: jobs, rights, crashes, upgrade, restore (docker or podman)
	TEST_DEPLOY=1 $(BIN)/pytest --timeout 900 tests/containers

check: install-dev ## Run everything that must pass before a change is merged
	@$(MAKE) --no-print-directory --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) lint lint-deploy types layers ui-check
	@$(MAKE) --no-print-directory test

layers: install-dev ## Check that imports go downwards only
	$(BIN)/lint-imports

contracts: layers ## Check the layers, the generated contracts and the house rules
	$(BIN)/pytest tests/contract

proto-schemas: install-dev ## Regenerate OpenAPI, AsyncAPI and JSON Schemas after a change of the API
	$(BIN)/python -P tests/support/proto_schemas.py

release-payloads: install-dev ## Record the messages between services as this release writes them, for tests of later ones
	$(BIN)/python -P tests/support/release_payloads.py

metrics-page: install-dev ## Regenerate docs/metrics.md, the dashboards and the alerts for Kubernetes after a change of metrics
	$(BIN)/python -P tests/support/metrics_page.py
	$(BIN)/python -P deploy/observability/grafana/dashboards.py
	$(BIN)/python -P deploy/observability/prometheus_rule.py

release-check: ## Check versions, changelog and tree for a release, and build its wheels into dist/
	@deploy/release/tools.sh
	@.release/bin/python deploy/release/check.py

sbom: install ## Write a bill of materials (CycloneDX) of the installation into dist/
	@deploy/release/sbom.sh

log-events-page: install-dev ## Regenerate docs/log-events.md after a change of log lines
	$(BIN)/python -P tests/support/log_events_page.py

images: ## Build the container images with docker or podman, and print their sizes; IMAGES names single ones
	@deploy/images/build.sh $(IMAGES)

bench-autoscaling: install ## Simulate the autoscaling of worker pools: waits and GPU hours beside scaling on queue length
	$(BIN)/python benchmarks/autoscaling $(BENCH)

bench-queue: install ## Measure the queue engine beside its peers (about 8 minutes)
	@benchmarks/queue/setup.sh
	$(BIN)/python benchmarks/queue $(BENCH)

bench-platform: install ## Measure platform-api beside a bare route, and among a million jobs (about 10 minutes; needs wrk)
	@command -v wrk >/dev/null || { echo "make bench-platform needs wrk: apt-get install wrk"; exit 1; }
	PYTHONPATH=tests $(BIN)/python benchmarks/platform $(BENCH)

bench-backends: install-comfyui ## Measure jobs on a real ComfyUI beside prompts posted straight to it (about 3 minutes)
	PYTHONPATH=tests OMP_NUM_THREADS=1 $(BIN)/python benchmarks/backends $(BENCH)

bench-webhooks: install ## Measure webhook-dispatcher beside a bare loop, and beside a receiver that hangs (about 6 minutes)
	PYTHONPATH=tests $(BIN)/python benchmarks/webhooks $(BENCH)

bench-sockets: install ## Measure the event WebSocket beside ws and socket.io (about 3 minutes; needs Node)
	@benchmarks/sockets/setup.sh
	PYTHONPATH=tests $(BIN)/python benchmarks/sockets $(BENCH)

bench-ui: install-dev ui ## Measure the web UI in a browser: first paint, frames, interactions, memory (about 15 minutes)
	PYTHONPATH=tests OMP_NUM_THREADS=1 $(BIN)/python benchmarks/ui $(BENCH)

bench-gpu: install ## Accept a CUDA card: peaks, faults, stops, speed (under 10 minutes); BENCH=--tiny runs it dry on the CPU
	$(BIN)/python benchmarks/gpu $(BENCH)

bench-overhead: install ## Measure the worker's CPU time beside a bare pipeline, on tiny models (about 5 minutes)
	$(BIN)/python benchmarks/gpu/overhead.py

train-mini: install ## Train Darkroom's own model for hours (CPU or GPU), going on where it stopped; a file .train-mini/STOP ends it
	nice -n 19 $(BIN)/python -m darkroom_mini.training $(TRAIN)

lint: install-dev ## Check style and formatting, and find code that nothing uses
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -P tests/support/dead_code.py

lint-deploy: install-dev ## Check Dockerfile, compose file, shell scripts, Kubernetes manifests and alerts (needs deploy/tools.sh once)
	@deploy/lint.sh

types: install-dev ## Check types, those of tests included
	$(BIN)/mypy --strict $(SOURCES)
	$(BIN)/mypy --strict benchmarks/platform
	MYPYPATH=benchmarks/gpu $(BIN)/mypy --strict benchmarks/gpu
	MYPYPATH=benchmarks/autoscaling $(BIN)/mypy --strict benchmarks/autoscaling
	MYPYPATH=benchmarks/backends $(BIN)/mypy --strict benchmarks/backends
	MYPYPATH=benchmarks/webhooks $(BIN)/mypy --strict benchmarks/webhooks
	MYPYPATH=benchmarks/sockets $(BIN)/mypy --strict benchmarks/sockets
	MYPYPATH=benchmarks/ui $(BIN)/mypy --strict benchmarks/ui
	@for folder in $(TEST_FOLDERS); do echo "mypy --strict $$folder"; MYPYPATH=$$folder $(BIN)/mypy --strict $$folder || exit 1; done

format: install-dev ## Format the code and fix what can be fixed by machine
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

migrate: install ## Bring the databases of PLATFORM_DATABASE_URL and WEBHOOKS_DATABASE_URL (or DATABASE_URL) up to date
	$(BIN)/python -m platform_api migrate
	$(BIN)/python -m webhook_dispatcher migrate

clean: ## Remove the installation and all caches; the stack's data in .darkroom stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.darkroom/*' -prune -exec rm -rf {} +
	find . -name '*.egg-info' -not -path './.darkroom/*' -prune -exec rm -rf {} +
