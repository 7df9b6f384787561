"""The demo's processes and what they are told: a camera, the office, a worker; with `--full` PostgreSQL and S3."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from api.actor import OFFICE
from api.cases.register import add_worker_key, register_camera, revoke_worker_keys
from api.database import Database, migrate
from api.errors import KeyTakenError
from api.log.signing_keys import enrol_key
from models.camera_file import load_camera_file
from models.verify.keys import SigningKey, new_key, read_key_file, write_key_file
from phatnguoi.demo.clip import CLIP, DemoClip
from phatnguoi.demo.people import Reviewer, reviewers
from phatnguoi.errors import CheckFailedError
from phatnguoi.servers import ChildProcess, RtspServer, S3Server, free_port

OFFICE_TIMEOUT_S = 30.0
BUCKET = "evidence"
WORKER = "demo"
WORKER_KEY_FILE, LOG_KEY_FILE = "worker_key.pem", "log_key.pem"
UNIT_TELEPHONE = "0234 0 000 000"
Child = TypeVar("Child", bound=ChildProcess)
MAIN = (sys.executable, "-m", "phatnguoi.main")


@dataclass(slots=True)
class Stack:
    """Everything that runs; leaving it stops all of it, the worker first."""

    directory: Path
    clip: DemoClip
    weights: Path
    is_full: bool
    url: str = ""
    people: list[Reviewer] = field(default_factory=list)
    children: dict[str, ChildProcess] = field(default_factory=dict)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def check(self) -> None:
        """Nothing has ended.

        Raises:
            CheckFailedError: a process has; the message ends with the last lines of its log.
        """
        for name, child in self.children.items():
            if not child.is_running:
                raise CheckFailedError(f"{name} ended with {child.process.returncode}: {child.log_tail()[-600:]}")

    def _start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        common = self._storage()
        database = Database(common["PHATNGUOI_DATABASE_URL"])
        migrate(database)
        camera = self._start_camera()
        key = self._prepare(database, camera)
        database.close()
        self._start_office(common)
        worker = {name: value for name, value in common.items() if name != "PHATNGUOI_DATABASE_URL"}
        worker |= {
            "PHATNGUOI_OFFICE_URL": self.url,
            "PHATNGUOI_WORKER_KEY": key,
            "PHATNGUOI_SIGNING_KEY_FILE": str(self.directory / WORKER_KEY_FILE),
            "PHATNGUOI_WORKER_FOLDER": str(self.directory / "worker"),
            "PHATNGUOI_HEALTH_PORT": "0",
        }
        self._run("worker", [*MAIN, "worker", str(camera), "--weights", str(self.weights)], worker)
        self._tell_pids()

    def _tell_pids(self) -> None:
        pids = {name: child.pid for name, child in self.children.items()}
        (self.directory / "processes.json").write_text(json.dumps(pids), encoding="utf-8")

    def _storage(self) -> dict[str, str]:
        if not self.is_full:
            store = self.directory / "store"
            (store / "packages").mkdir(parents=True, exist_ok=True)
            return {
                "PHATNGUOI_DATABASE_URL": f"sqlite:///{self.directory / 'office.db'}",
                "PHATNGUOI_STORE": f"folder://{store}",
            }
        from phatnguoi.servers.postgres import PostgresServer

        postgres = self._keep("postgres", PostgresServer(self.directory / "postgres"))
        s3 = self._keep("s3", S3Server(self.directory / "s3"))
        if not s3.client().bucket_exists(BUCKET):
            s3.make_bucket(BUCKET)
        return {
            "PHATNGUOI_DATABASE_URL": postgres.url(),
            "PHATNGUOI_STORE": f"s3://{s3.endpoint}/{BUCKET}",
            "PHATNGUOI_S3_ACCESS_KEY": s3.access_key,
            "PHATNGUOI_S3_SECRET_KEY": s3.secret_key,
        }

    def _start_camera(self) -> Path:
        server = self._keep("camera", RtspServer(self.clip.directory, self.directory / "camera.log"))
        path = self.directory / "camera.yaml"
        self.clip.write_camera_file(path, server.url(CLIP))
        return path

    def _prepare(self, database: Database, camera: Path) -> str:
        """People, camera, a new key for the worker; keys to sign with, made at the first start."""
        self.people = reviewers(database, self.directory / "passwords.json")
        now = datetime.now(UTC)
        with database.writing() as session:
            file = load_camera_file(camera)
            register_camera(session, now, OFFICE, file, unit_telephone=UNIT_TELEPHONE, mode="live", is_simulated=True)
            _enrol(session, now, own_key(self.directory / WORKER_KEY_FILE))
            revoke_worker_keys(session, now, OFFICE, WORKER)
            return add_worker_key(session, now, OFFICE, WORKER)

    def _start_office(self, common: dict[str, str]) -> None:
        own_key(self.directory / LOG_KEY_FILE)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        settings = common | {
            "PHATNGUOI_EVIDENCE_CACHE": str(self.directory / "cache"),
            "PHATNGUOI_PUBLIC_URL": self.url,
            "PHATNGUOI_LOG_KEY_FILE": str(self.directory / LOG_KEY_FILE),
            "PHATNGUOI_LOG_ORIGIN": "phatnguoi-demo",
            "PHATNGUOI_SECURE_COOKIES": "false",
            "PHATNGUOI_SECOND_FACTOR_ROLES": "[]",
            "PHATNGUOI_DECISION_EFFECT_S": "3",
        }
        office = self._run("office", [*MAIN, "office", "--port", str(port)], settings)
        office.wait_until(self._office_answers, OFFICE_TIMEOUT_S, "office")

    def _office_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def _run(self, name: str, command: list[str], settings: dict[str, str]) -> ChildProcess:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PHATNGUOI_")} | settings
        log = self.directory / f"{name}.log"
        log.unlink(missing_ok=True)
        return self._keep(name, ChildProcess(command, log_path=log, environment=environment))

    def _keep(self, name: str, child: Child) -> Child:
        self.children[name] = child
        self._exit.callback(child.stop)
        return child


def own_key(path: Path) -> SigningKey:
    """The key of this file; made where there is none."""
    if not path.exists():
        write_key_file(path, new_key())
    return read_key_file(path)


def _enrol(session: Session, now: datetime, key: SigningKey) -> None:
    with suppress(KeyTakenError):  # it was enrolled at the first start
        enrol_key(session, now, OFFICE, WORKER, key.public)
