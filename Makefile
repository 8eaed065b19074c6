# Every target makes .venv and installs into it by itself; `make help` lists the targets from their ## comments.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUN_STAMP := $(VENV)/.installed-to-run
PYTHON ?=
ARGS ?=
ENVTEST_KUBECONFIG ?= envtest.kubeconfig

SLOW_TESTS := tests/integration tests/contract tests/simulation

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv fmt lint type test test-fast simulate check demo run install-crds manifests manifests-check envtest clean

help: ## List the targets
	@echo "Usage: make TARGET [PYTHON=python3.12] [ARGS='flags of the program']"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(STAMP) ## Make .venv and install Coxswain and its tools into it

# A stamp is newer than what it was made from exactly when the environment is up to date. PYTHON, if given, must be 3.11 or newer.
$(RUN_STAMP): setup.cfg pyproject.toml
	@set -eu; \
	if ! $(BIN)/python -c '' 2>/dev/null; then \
	    python=; \
	    for candidate in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	        if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	    done; \
	    if [ -z "$$python" ]; then \
	        echo "make: no Python 3.11 or newer found (looked for: $(or $(PYTHON),python3 python3.14 ... python3.11)); install one, or say PYTHON=/path/to/python" >&2; \
	        exit 1; \
	    fi; \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    rm -rf $(VENV); \
	    "$$python" -m venv $(VENV) || { rm -rf $(VENV); echo "make: $$python cannot make a virtual environment; on Debian and Ubuntu install python3-venv" >&2; exit 1; }; \
	fi; \
	echo "Installing Coxswain into $(VENV)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[envtest]'; \
	touch $@

$(STAMP): $(RUN_STAMP)
	@echo "Installing the developers' tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

fmt: $(STAMP) ## Format the code and apply the linter's safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(STAMP) ## Check format and lint rules (ruff)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

type: $(STAMP) ## Check the types (mypy --strict)
	$(BIN)/mypy

# Tests on one kind of server share one process, and mostly wait: two processes take little more than half the time.
test: $(STAMP) ## Run all tests, on the embedded API server and on the real one (CONTROL_PLANE=real may compile that)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup $(ARGS)

test-fast: $(STAMP) ## Run the tests that need no API server and no nginx
	$(BIN)/python -m pytest -m "not controlplane and not nginx and not kubectl" $(SLOW_TESTS:%=--ignore=%) $(ARGS)

simulate: $(STAMP) ## Play 500 schedules of faults that seeds choose (ARGS='--seed 123' plays one of them again)
	$(BIN)/python -m pytest tests/simulation/test_schedules.py --schedules 500 $(ARGS)

check: lint type manifests-check test ## Run all that must be green: lint, types, drift of generated files, tests

demo: $(RUN_STAMP) ## Show one MicroServiceDeploy living on a Kubernetes API of its own
	$(BIN)/python -m demo --control-plane $(or $(CONTROL_PLANE),embedded) $(ARGS)

run: $(RUN_STAMP) ## Run the manager against your kubeconfig (ARGS='--namespace shop')
	$(BIN)/coxswain run $(ARGS)

install-crds: $(RUN_STAMP) ## Apply the CRDs to the cluster of your kubeconfig and wait until they are established
	$(BIN)/coxswain install $(ARGS)

manifests: $(STAMP) ## Write crds/ anew from the spec types
	$(BIN)/python -m controller.crd --output crds

manifests-check: $(STAMP) ## Fail if crds/ is not what the spec types say
	$(BIN)/python -m controller.crd --output crds --check

envtest: $(RUN_STAMP) ## Run a Kubernetes API on this machine in the foreground (kubeconfig: envtest.kubeconfig)
	$(BIN)/python -m envtest up --kubeconfig-out $(ENVTEST_KUBECONFIG) --nodes 2 --metrics --control-plane $(or $(CONTROL_PLANE),embedded) $(ARGS)

clean: ## Remove .venv and all that tools wrote (the cache of control-plane binaries stays)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis $(ENVTEST_KUBECONFIG)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
