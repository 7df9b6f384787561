#!/usr/bin/env bash
# make_environment.sh DIRECTORY LOCK_FILE: a virtual environment that holds what the lock file names, and this project.
# Called by the Makefile. Every download is checked against a hash. PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$1 lock=$2 python=${PYTHON:-python3}

fail() { echo "$*" >&2; exit 1; }

command -v "$python" >/dev/null || fail "$python is missing. Run: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, expected 3.11 or later. Run: apt-get install python3.11 python3.11-venv; then: make PYTHON=python3.11"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "python3's venv is missing. Run: apt-get install python3-venv"

if [ ! -x "$directory/bin/uv" ]; then
    echo "making $directory"
    "$python" -m venv --clear "$directory"
    "$directory/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
fi
echo "installing $lock into $directory"
export VIRTUAL_ENV=$PWD/$directory
"$directory/bin/uv" pip sync --quiet --require-hashes "$lock"
"$directory/bin/uv" pip install --quiet --no-deps --build-constraints requirements/bootstrap.lock --editable .
"$directory/bin/python" requirements/check_imports.py
