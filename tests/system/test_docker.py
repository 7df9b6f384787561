"""docker/ without a container engine: the published schema, a Dockerfile linter, and our own rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

DOCKER = ROOT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROGRAMS = Path(sys.executable).parent
IMPORTED_BY_THE_OFFICE = """
import importlib.metadata, json, sys
import phatnguoi.office
tops = {name.split(".")[0] for name, module in sys.modules.items() if getattr(module, "__file__", None)}
owners = importlib.metadata.packages_distributions()
print(json.dumps(sorted({owner.lower().replace("_", "-") for top in tops for owner in owners.get(top, [])})))
"""
TRIED_BUT_NOT_NEEDED = {"opentelemetry-api", "rich", "pygments", "phatnguoi", "certifi", "setuptools", "markdown-it-py"}
"""Imported by a library where they happen to be installed; the office ran without them."""


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=ROOT, check=False)


def test_compose_keeps_the_published_schema() -> None:
    schema = "vendor.compose-spec"
    done = _run(PROGRAMS / "check-jsonschema", "--builtin-schema", schema, DOCKER / "compose.yml")
    assert done.returncode == 0, done.stdout


def test_the_schema_sees_an_error(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yml"
    wrong.write_text("services: {office: {image: x, comand: [office]}}\n")
    assert _run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", wrong).returncode == 1


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_a_dockerfile_passes_the_linter(file: Path) -> None:
    done = _run(PROGRAMS / "hadolint", file)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_an_image_is_rootless_pinned_and_copies_what_exists(file: Path) -> None:
    lines = file.read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1].split(":")[0] not in {"root", "0"}
    for base in (line.split()[1] for line in lines if line.startswith("FROM ")):
        assert re.search(r":(\d+\.\d+\.\d+-|RELEASE\.\d{4}-)", base), base
    for line in (line for line in lines if line.startswith("COPY ") and "--from=" not in line):
        for source in line.split()[1:-1]:
            assert (ROOT / source).exists(), line
    assert not re.search(r"(?i)(password|secret|token)\s*=\s*\S", file.read_text())


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_rootless_and_hardened(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).split(":")[0] not in {"0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    tag = service["image"].rpartition(":")[2]
    assert tag != "latest" and re.search(r"\d", tag)
    for published in service.get("ports", []):
        assert published.startswith("127.0.0.1:"), published


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file_or_has_a_default(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET_KEY|WORKER_KEY", key):
            assert re.fullmatch(r"\$\{[A-Z0-9_]+:\?[^}]+\}", value), key
        if "://" in value and "@" in value:
            assert re.search(r":\$\{[A-Z0-9_]+:\?[^}]+\}@", value), key


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    wanted = set(re.findall(r"\$\{([A-Z0-9_]+)", (DOCKER / "compose.yml").read_text()))
    example = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", (DOCKER / "example.env").read_text(), flags=re.MULTILINE))
    assert set(example) == wanted
    assert not [name for name, value in example.items() if value and re.search(r"PASSWORD|SECRET|KEY", name)]


@pytest.mark.parametrize("name", ["worker", "office"])
def test_a_policy_gives_the_worker_puts_and_the_office_gets(name: str) -> None:
    policy = json.loads((DOCKER / "minio" / f"{name}.json").read_text())
    objects = {
        action
        for rule in policy["Statement"]
        for action in rule["Action"]
        if action.endswith(("Object", "ObjectVersion"))
    }
    assert objects == ({"s3:PutObject"} if name == "worker" else {"s3:GetObject", "s3:GetObjectVersion"})


def test_only_the_keeper_may_lock_hold_and_delete() -> None:
    actions = {
        name: {
            action for rule in json.loads((DOCKER / "minio" / f"{name}.json").read_text())["Statement"]
            for action in rule["Action"]
        }
        for name in ("worker", "office", "keeper")
    }  # fmt: skip
    assert {name for name, allowed in actions.items() if "s3:DeleteObjectVersion" in allowed} == {"keeper"}
    assert {name for name, allowed in actions.items() if "s3:PutObjectLegalHold" in allowed} == {"keeper"}
    assert not actions["keeper"] & {"s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"}


def test_the_office_image_holds_all_that_the_office_imports_and_no_pictures() -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements" / "office.lock").read_text(), re.MULTILINE))
    done = _run(sys.executable, "-c", IMPORTED_BY_THE_OFFICE)
    assert done.returncode == 0, done.stderr
    imported = set(json.loads(done.stdout))
    assert not imported - locked - TRIED_BUT_NOT_NEEDED
    assert not locked & {"opencv-python-headless", "openvino", "av", "trackers", "torch", "onnxruntime"}


def test_the_office_image_holds_what_the_base_lock_holds() -> None:
    """One version of a package everywhere: office.lock is a part of base.lock."""
    pins = {
        lock: set(re.findall(r"^([a-z0-9._-]+==\S+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE))
        for lock in ("office.lock", "base.lock")
    }
    assert pins["office.lock"] <= pins["base.lock"]
