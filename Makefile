# `make` alone lists the targets. Everything is put into .venv (and .venv-yolo); nothing is installed globally.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
MAKEFLAGS += --no-print-directory
.PHONY: help install demo test check format lock install-yolo test-yolo clean

PYTHON ?= python3
ARGS ?=
export YOLO_AUTOINSTALL := false
export YOLO_OFFLINE := true

# A stamp is a file that says which lock file a virtual environment was made from. dev.lock holds all of base.lock.
BASE_STAMP := .venv/.made-from-base
DEV_STAMP := .venv/.made-from-dev
YOLO_STAMP := .venv-yolo/.made-from-yolo
INPUTS := pyproject.toml requirements/bootstrap.lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(BASE_STAMP) ## make .venv, so that .venv/bin/phatnguoi runs (without torch)

demo: $(if $(findstring --yolo,$(ARGS)),$(YOLO_STAMP),$(if $(findstring --full,$(ARGS)),$(DEV_STAMP),$(BASE_STAMP))) ## a simulated crossing, from its camera to a notice; ARGS="--once", "--full", "--yolo"
	@exec $(if $(findstring --yolo,$(ARGS)),.venv-yolo,.venv)/bin/phatnguoi demo $(ARGS)

test: $(DEV_STAMP) ## all tests but those of the extra `yolo`; ARGS goes to pytest
	@.venv/bin/python -m pytest -m "not yolo" $(ARGS)

check: $(DEV_STAMP) ## ruff, mypy, the walls, spelling, then the tests
	@.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	git ls-files -z | xargs -0 .venv/bin/codespell
	.venv/bin/python -m pytest -m "not yolo" $(ARGS)

format: $(DEV_STAMP) ## lay the code out anew
	@.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: $(DEV_STAMP) ## make the lock files anew from pyproject.toml
	@bash requirements/lock.sh

install-yolo: $(YOLO_STAMP) ## make .venv-yolo: the extra `yolo` too (ultralytics, torch: 6 GB)

test-yolo: $(YOLO_STAMP) ## the tests of the extra `yolo`
	@.venv-yolo/bin/python -m pytest -m yolo $(ARGS)

clean: ## remove both virtual environments and what tools left behind
	@rm -rf .venv .venv-yolo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# DEV_STAMP is made with the base one, so that `make install` after `make test` finds nothing to do.
$(BASE_STAMP): requirements/base.lock $(INPUTS)
	@requirements/make_environment.sh .venv $(if $(wildcard $(DEV_STAMP)),requirements/dev.lock,requirements/base.lock)
	touch $@ $(wildcard $(DEV_STAMP))

$(DEV_STAMP): requirements/dev.lock $(INPUTS)
	@requirements/make_environment.sh .venv requirements/dev.lock
	touch $(BASE_STAMP) $@

$(YOLO_STAMP): requirements/yolo.lock $(INPUTS)
	@requirements/make_environment.sh .venv-yolo requirements/yolo.lock
	touch $@
