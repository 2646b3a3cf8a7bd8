.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve train report check format test stress test-tools lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Set to https://download.pytorch.org/whl/cpu for the small build of torch where pip would find the one with CUDA.
TORCH_INDEX ?=
CLIP ?=
CONFIG ?= training/default.toml
ARGS ?=

BIN := .venv/bin
EXTRAS_service := service
EXTRAS_training := training
EXTRAS_survey := survey
EXTRAS_report := training,report
EXTRAS_dev := service,tracing,training,survey,report,dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: .venv/service.stamp  ## hashtags of a real clip, from a service started for it (CLIP=path: of your own)
	@$(BIN)/python -m commands.demo $(if $(CLIP),"$(CLIP)")

serve: .venv/service.stamp  ## the HTTP service on 127.0.0.1:8000 (ARGS="--port 9000")
	@$(BIN)/tag2vec serve $(ARGS)

train: .venv/training.stamp  ## train a bundle (CONFIG=training/default.toml, ARGS=one stage)
	@$(BIN)/tag2vec train --config $(CONFIG) $(ARGS)

report: .venv/report.stamp  ## the paper's figures and tables as one HTML page (CONFIG=, ARGS="--words FILE --survey FILE")
	@$(BIN)/tag2vec report --config $(CONFIG) $(ARGS)

check: .venv/dev.stamp  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev.stamp  ## let ruff rewrite the source
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: check  ## everything that CI runs (ARGS="-k video"; TAG2VEC_DATA=folder adds the tests on real clips and posts)
	$(BIN)/python -m pytest $(ARGS)

test-tools:  ## install the Debian packages that some tests need: Chromium, and Prometheus for promtool
	@if command -v chromium >/dev/null && command -v promtool >/dev/null; then exit 0; fi; \
	command -v apt-get >/dev/null || { echo "make test-tools needs apt-get; install chromium and prometheus yourself" >&2; exit 1; }; \
	SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; \
	$$SUDO apt-get -qq update && \
	$$SUDO env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium prometheus >/dev/null

stress: .venv/dev.stamp  ## hold the service's promises under load, an hour (ARGS="--only deaths --scale 0.1")
	@$(BIN)/python -m tests.stress $(ARGS)

lock: .venv/dev.stamp  ## write the installed versions to constraints.txt
	@head -n 2 constraints.txt > constraints.txt.partial
	@$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' >> constraints.txt.partial
	@mv constraints.txt.partial constraints.txt

clean:  ## remove the environment and every cache
	rm -rf .venv .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis .stress
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed; name it with make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "no virtual environment could be made; on Debian: apt-get install python3.11-venv" >&2; exit 1; }

# The stamps make second runs quick; a change of the dependencies installs anew.
.venv/%.stamp: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing into .venv, some minutes the first time"
	@$(if $(TORCH_INDEX),$(PIP) --no-deps --index-url $(TORCH_INDEX) "$$(grep ^torch== constraints.txt)")
	@$(PIP) --editable '.[$(EXTRAS_$*)]'
	@touch $@
