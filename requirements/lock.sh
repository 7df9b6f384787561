#!/usr/bin/env bash
# Makes the lock files anew from pyproject.toml. Run it when a dependency changes; read the diff before you commit it.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/uv pip compile pyproject.toml requirements/headless.in --python-version 3.11 --generate-hashes --quiet \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
compile --extra demo --output-file requirements/base.lock
compile --extra demo --extra dev --constraints requirements/base.lock --output-file requirements/dev.lock
compile --extra all --extra dev --constraints requirements/dev.lock --output-file requirements/yolo.lock
