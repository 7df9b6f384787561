"""The very commands and settings of docker/compose.yml, started as processes against a real PostgreSQL and a real S3.

Only what a container would have been given is put in its place: host names, ports and mounted folders.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import urllib3
import yaml
from cryptography.fernet import Fernet
from minio import Minio

from phatnguoi.demo.clip import CLIP, WORLD, draw_clip
from phatnguoi.demo.once import sign_in
from phatnguoi.demo.pages import Visitor
from phatnguoi.demo.people import Reviewer
from streams.simulated.camera_file import camera_file
from streams.simulated.settings import parse_url
from tests.conftest import ROOT
from tests.servers import ChildProcess, PostgresServer, RtspServer, S3Server, free_port

pytestmark = [pytest.mark.server, pytest.mark.slow]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())
SITE_PACKAGES = "/opt/phatnguoi/lib/python3.11/site-packages"
FIRST_CASE_S = 150.0
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)(?::[?-]([^}]*))?\}")


@dataclass
class Engine:
    """What a container engine would do: fill in variables, names and mounts, and run a service's command."""

    directory: Path
    variables: dict[str, str]
    places: dict[str, str] = field(default_factory=dict)

    def filled_in(self, text: str) -> str:
        text = _VARIABLE.sub(lambda found: self.variables.get(found[1]) or found[2] or "", text)
        for name in sorted(self.places, key=len, reverse=True):
            text = text.replace(name, self.places[name])
        return text

    def environment(self, service: str) -> dict[str, str]:
        stated = COMPOSE["services"][service].get("environment", {})
        here = {"PATH": "/usr/bin:/bin", "PHATNGUOI_HEALTH_PORT": "0"}  # a container has its ports for itself
        return {name: self.filled_in(value) for name, value in stated.items()} | here

    def command(self, service: str) -> list[str]:
        words = [self.filled_in(word) for word in COMPOSE["services"][service]["command"]]
        return [str(Path(sys.executable).parent / "phatnguoi"), *words]

    def start(self, service: str) -> ChildProcess:
        log = self.directory / f"{service}.log"
        return ChildProcess(self.command(service), log_path=log, environment=self.environment(service))

    def run(self, service: str, *words: str, **more: str) -> str:
        """`docker compose run --rm SERVICE WORDS`."""
        command = [self.command(service)[0], *words] if words else self.command(service)
        done = subprocess.run(
            command, env=self.environment(service) | more, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def engine(server_directory: Path) -> Iterator[Engine]:
    directory = server_directory / "compose"
    directory.mkdir()
    names = ["DATABASE_PASSWORD", "MINIO_ROOT_PASSWORD"]
    names += ["WORKER_S3_SECRET_KEY", "OFFICE_S3_SECRET_KEY", "KEEPER_S3_SECRET_KEY"]
    chosen = {"SECURE_COOKIES": "false", "PEOPLE_KEY": Fernet.generate_key().decode(), "SECOND_FACTOR_ROLES": "[]"}
    engine = Engine(directory, {name: secrets.token_hex(16) for name in names} | chosen)
    clip = draw_clip(ROOT / "var" / "demo" / "clips")
    office = free_port()
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(directory / "postgres"))
        _make_role(postgres, engine.variables["DATABASE_PASSWORD"])
        s3 = stack.enter_context(_store(directory / "s3", engine.variables))
        s3.make_bucket("evidence")
        camera = stack.enter_context(RtspServer(clip.directory, directory / "camera.log"))
        for name in ("cache", "worker", "cameras"):
            (directory / name).mkdir()
        file = (ROOT / "docker" / "cameras" / "camera.yaml").read_text()
        (directory / "cameras" / "camera.yaml").write_text(file.replace("camera:8554", f"127.0.0.1:{camera.port}"))
        engine.places = {
            "@postgres:5432": f"@127.0.0.1:{postgres.port}",
            "s3://minio:9000": f"s3://{s3.endpoint}",
            "http://office:8000": f"http://127.0.0.1:{office}",
            "0.0.0.0": "127.0.0.1",
            "8000": str(office),
            "/cameras": str(directory / "cameras"),
            "/var/lib/phatnguoi": str(directory / "worker"),
            SITE_PACKAGES: str(ROOT),
        }
        yield engine


def _make_role(postgres: PostgresServer, password: str) -> None:
    with psycopg.connect(postgres.url().replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE phatnguoi LOGIN PASSWORD '{password}'".encode())
        connection.execute(b"CREATE DATABASE phatnguoi OWNER phatnguoi")


def _store(directory: Path, variables: dict[str, str]) -> S3Server:
    """S3 with the users of docker/minio: the worker may write, the office may read, the keeper may lock and delete."""
    directory.mkdir()
    rights = {"root": ["Admin"], "worker": ["Read", "Write", "List"], "office": ["Read", "List"]}
    rights["keeper"] = ["Admin"]
    keys = {
        "root": variables["MINIO_ROOT_PASSWORD"],
        "worker": variables["WORKER_S3_SECRET_KEY"],
        "office": variables["OFFICE_S3_SECRET_KEY"],
        "keeper": variables["KEEPER_S3_SECRET_KEY"],
    }
    identities = [
        {"name": name, "credentials": [{"accessKey": name, "secretKey": keys[name]}], "actions": rights[name]}
        for name in rights
    ]
    (directory / "weed.json").write_text(json.dumps({"identities": identities}))
    return S3Server(directory)


def test_the_camera_of_compose_is_the_clip_that_is_played_here() -> None:
    command = COMPOSE["services"]["camera-clip"]["command"]
    assert parse_url(command[command.index("--world") + 1]) == WORLD
    assert COMPOSE["services"]["camera"]["command"][:2] == ["--dir", "/clips"]
    assert command[-1] == f"/clips/{CLIP}"
    stated = (ROOT / "docker" / "cameras" / "camera.yaml").read_text()
    source = f"rtsp://camera:8554/{CLIP}?play_count=0"
    assert stated == camera_file(WORLD, source=source, camera_id="camera-1", mode="live")


def test_the_services_of_compose_bring_a_case_into_the_queue(engine: Engine) -> None:
    password = secrets.token_urlsafe(12)
    engine.run("office", "keys", "new", engine.filled_in("/var/lib/phatnguoi/log_key.pem"))
    made = engine.run("worker", "keys", "new", engine.filled_in("/var/lib/phatnguoi/worker_key.pem"))
    engine.run("office-migrate")
    engine.run("office", "office", "add-person", "lan", "--role", "reviewer", PHATNGUOI_NEW_PASSWORD=password)
    camera = engine.filled_in("/cameras/camera.yaml")
    registered = ["--telephone", "0234 3 000 000", "--mode", "live", "--simulated"]
    engine.run("office", "office", "add-camera", camera, *registered)
    engine.variables["WORKER_KEY"] = engine.run("office", "office", "add-worker", "camera-1")
    engine.run("office", "keys", "enrol", "camera-1", made.split("\n")[0])
    url = engine.places["http://office:8000"]
    with engine.start("office") as office, engine.start("office-jobs") as jobs:
        office.wait_until(lambda: _answers(url), 60, "office")
        with engine.start("worker") as worker:
            visitor = Visitor(url)
            sign_in(visitor, Reviewer("lan", password))
            deadline_s = time.monotonic() + FIRST_CASE_S
            while not (cases := [link for link in visitor.open("/queue").links if link.startswith("/cases/")]):
                for part in (office, jobs, worker):
                    assert part.is_running, part.log_tail()
                assert time.monotonic() < deadline_s, worker.log_tail()
                time.sleep(0.5)
            page = visitor.open(cases[0])
            visitor.fetch(next(link for link in page.links if link.endswith("clip.mp4")), first_bytes=1000)
            visitor.close()
        engine.run("keeper", "keeper", "once")
        assert _locks(engine), "got no object that the keeper has locked, expected the case's"


def _locks(engine: Engine) -> list[str]:
    """Objects of the store that nobody can delete."""
    endpoint = engine.places["s3://minio:9000"].removeprefix("s3://")
    pool, secret = urllib3.PoolManager(), engine.variables["KEEPER_S3_SECRET_KEY"]
    client = Minio(endpoint, access_key="keeper", secret_key=secret, secure=False, http_client=pool)
    found = [(each.object_name or "", each.version_id) for each in client.list_objects(
        bucket_name="evidence", recursive=True, include_version=True)]  # fmt: skip
    locked = [
        key for key, version_id in found
        if client.get_object_retention(bucket_name="evidence", object_name=key, version_id=version_id) is not None
    ]  # fmt: skip
    pool.clear()
    return locked


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
