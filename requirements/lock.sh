#!/usr/bin/env bash
# Makes the lock files anew from pyproject.toml. Run it when a dependency changes; read the diff before you commit it.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/uv pip compile --python-version 3.11 --generate-hashes --quiet \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"
}
product="pyproject.toml requirements/headless.in"
compile $product --extra demo --output-file requirements/base.lock
compile $product --extra demo --extra dev --constraints requirements/base.lock --output-file requirements/dev.lock
compile $product --extra all --extra dev --constraints requirements/dev.lock --output-file requirements/yolo.lock
compile requirements/bootstrap.in --constraints requirements/yolo.lock --output-file requirements/bootstrap.lock
compile requirements/office.in --constraints requirements/base.lock --output-file requirements/office.lock
