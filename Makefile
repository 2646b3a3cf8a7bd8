.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve train report check format test test-fast stress test-tools lock clean

# The first of these that is 3.11 or newer; PYTHON= names another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Only training and tests install torch. Its build without CUDA is a tenth of the size on Linux:
# TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
CLIP ?=
CONFIG ?= training/default.toml
ARGS ?=

BIN := .venv/bin
EXTRAS_service := service
EXTRAS_training := training
EXTRAS_report := report
EXTRAS_dev := service,tracing,batch,survey,report,appearance,dev
# uv installs where there is one, pip elsewhere, both the versions that uv.lock names.
UV := $(shell command -v uv)
VENV := $(if $(UV),uv venv --quiet --seed --python $(PYTHON) .venv,$(PYTHON) -m venv .venv)
INSTALL := $(if $(UV),uv pip install --quiet --python $(BIN)/python,\
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile) --constraint constraints.txt

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: .venv/service.stamp  ## start a service, post a real clip to it, print the hashtags (CLIP=path for your own clip)
	@$(BIN)/python -m commands.demo $(if $(CLIP),"$(CLIP)")

serve: .venv/service.stamp  ## start the HTTP service on 127.0.0.1:8000 (ARGS="--port 9000")
	@$(BIN)/tag2vec serve $(ARGS)

train: .venv/training.stamp  ## train a bundle (CONFIG=training/default.toml; ARGS=STAGE for one stage)
	@$(BIN)/tag2vec train --config $(CONFIG) $(ARGS)

report: .venv/report.stamp  ## write the paper's figures and tables as one HTML page (ARGS="--words FILE --survey FILE")
	@$(BIN)/tag2vec report --config $(CONFIG) $(ARGS)

check: .venv/dev.stamp  ## run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev.stamp  ## format the source and fix what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: check  ## run all checks and tests (ARGS="-k video"; TAG2VEC_DATA=folder adds those on real clips and posts)
	$(BIN)/python -m pytest -n auto --dist loadscope $(ARGS)

test-fast: .venv/dev.stamp  ## run the tests that are neither slow nor start the service: under a minute
	@$(BIN)/python -m pytest -q -m "not slow and not server" $(ARGS)

test-tools:  ## install the Debian packages that some tests need: Chromium, Prometheus and Caddy
	@if command -v chromium >/dev/null && command -v promtool >/dev/null && command -v caddy >/dev/null; then exit 0; fi; \
	command -v apt-get >/dev/null || { echo "make test-tools needs apt-get; install chromium, prometheus and caddy yourself" >&2; exit 1; }; \
	SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; \
	$$SUDO apt-get -qq update && \
	$$SUDO env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium prometheus caddy >/dev/null

stress: .venv/dev.stamp  ## test the service under load for an hour (ARGS="--only deaths --scale 0.1")
	@$(BIN)/python -m tests.stress $(ARGS)

lock:  ## update uv.lock and constraints.txt after a change of pyproject.toml (ARGS=--upgrade for newer versions); needs uv
	@uv lock $(ARGS)
	@uv export --quiet --frozen --all-extras --no-hashes --no-annotate --no-emit-project --output-file constraints.txt

clean:  ## remove the environment and all caches
	rm -rf .venv .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis .stress
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(VENV) || \
		{ rm -rf .venv; echo "cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# The stamps make second runs quick; changed dependencies are installed again.
.venv/%.stamp: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing into .venv; the first time takes some minutes"
	@$(if $(and $(TORCH_INDEX),$(filter training report dev,$*)),\
		$(INSTALL) --no-deps --index-url $(TORCH_INDEX) torch)
	@$(INSTALL) --editable '.[$(EXTRAS_$*)]'
	@touch $@
