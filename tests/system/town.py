"""The whole system in processes that can be killed: a camera, S3, the office, a worker; and what really happened there.

The camera's own log says when it played which round of the clip to whom; the clip's truth says what happens in it. So
the expected claims come from the simulated world, never from the worker.
"""

from __future__ import annotations

import os
import re
import sys
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import select

from api.actor import OFFICE
from api.cases.register import add_worker_key, register_camera
from api.database import Database, migrate
from api.log.signing_keys import enrol_key
from models.camera_file import load_camera_file
from models.domain.submission import Submission
from models.tables import CaseRow, SubmissionRow
from phatnguoi.demo import EXPORTED
from phatnguoi.demo.clip import CLIP, WORLD, Act, DemoClip
from phatnguoi.demo.eyes import Eyes
from phatnguoi.demo.stack import own_key
from streams.simulated.phases import frames_of
from tests.conftest import ROOT
from tests.servers import ChildProcess, RtspServer, S3Server, free_port
from tests.system.wire import Wire

BUCKET = "evidence"
RULE = "red_light"
"""Only its instant (the line is passed) is sharp enough to tell which claim is which act; others are not counted."""
ROUND_S = frames_of(WORLD) / WORLD.fps
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) .*session=([0-9A-F]+)")


@dataclass(frozen=True, slots=True)
class Happened:
    """An act of the truth, at the wall clock (s since 1970), as it was played to one session of the camera."""

    act: Act
    at_s: float
    session_from_s: float
    session_to_s: float


@dataclass(frozen=True, slots=True)
class Taken:
    """A submission that the office has made a case of."""

    submission_id: str
    case_id: str
    act: Act | None
    at_s: float


@dataclass
class Town:
    """`start` and `kill` each of worker, office and store; the camera is never killed."""

    directory: Path
    clip: DemoClip
    parts: dict[str, ChildProcess] = field(default_factory=dict)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.camera_log = self.directory / "camera.log"
        self.camera = self._exit.enter_context(RtspServer(self.clip.directory, self.camera_log))
        self.office_port, self.store_port = free_port(), free_port()
        self.office_wire, self.store_wire = Wire(self.office_port), Wire(self.store_port)
        self._exit.callback(self.office_wire.close)
        self._exit.callback(self.store_wire.close)
        self.start("store")
        store = self._store()
        store.make_bucket(BUCKET)
        self.keys = {"PHATNGUOI_S3_ACCESS_KEY": store.access_key, "PHATNGUOI_S3_SECRET_KEY": store.secret_key}
        self.database = Database(f"sqlite:///{self.directory / 'office.db'}")
        self._exit.callback(self.database.close)
        self._prepare()
        self.start("office")
        self.start("worker")
        return self

    def __exit__(self, *_: object) -> None:
        for part in reversed(self.parts.values()):
            part.stop()
        self._exit.close()

    def _prepare(self) -> None:
        migrate(self.database)
        self.camera_file = self.directory / "camera.yaml"
        self.clip.write_camera_file(self.camera_file, self.camera.url(CLIP))
        now = datetime.now(UTC)
        with self.database.writing() as session:
            file = load_camera_file(self.camera_file)
            register_camera(session, now, OFFICE, file, unit_telephone="0234 0 000 000", mode="live", is_simulated=True)
            self.worker_key = add_worker_key(session, now, OFFICE, "town")
            enrol_key(session, now, OFFICE, "town", own_key(self.directory / "worker_key.pem").public)

    def start(self, name: str) -> None:
        starters = {"store": self._start_store, "office": self._start_office, "worker": self._start_worker}
        self.parts[name] = starters[name]()

    def kill(self, name: str) -> None:
        """SIGKILL for the process and all of its children."""
        self.parts[name].kill()

    def _store(self) -> S3Server:
        store = self.parts["store"]
        assert isinstance(store, S3Server)
        return store

    def _start_store(self) -> S3Server:
        return S3Server(self.directory / "s3", port=self.store_port)

    def _start_office(self) -> ChildProcess:
        settings = self.keys | {
            "PHATNGUOI_DATABASE_URL": f"sqlite:///{self.directory / 'office.db'}",
            "PHATNGUOI_STORE": f"s3://127.0.0.1:{self.store_port}/{BUCKET}",
            "PHATNGUOI_EVIDENCE_CACHE": str(self.directory / "cache"),
            "PHATNGUOI_SECURE_COOKIES": "false",
            "PHATNGUOI_SECOND_FACTOR_ROLES": "[]",
        }
        office = self._run("office", ["office", "--port", str(self.office_port)], settings)
        office.wait_until(self._office_answers, 60, "office")
        return office

    def _start_worker(self) -> ChildProcess:
        settings = self.keys | {
            "PHATNGUOI_WORKER_FOLDER": str(self.directory / "worker"),
            "PHATNGUOI_STORE": f"s3://127.0.0.1:{self.store_wire.port}/{BUCKET}",
            "PHATNGUOI_OFFICE_URL": f"http://127.0.0.1:{self.office_wire.port}",
            "PHATNGUOI_WORKER_KEY": self.worker_key,
            "PHATNGUOI_SIGNING_KEY_FILE": str(self.directory / "worker_key.pem"),
            "PHATNGUOI_HEALTH_PORT": "0",
        }
        return self._run("worker", ["worker", str(self.camera_file), "--weights", str(EXPORTED)], settings)

    def _run(self, name: str, words: list[str], settings: dict[str, str]) -> ChildProcess:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PHATNGUOI_")}
        command = [sys.executable, "-m", "phatnguoi.main", *words]
        log = self.directory / f"{name}.log"
        return ChildProcess(command, log_path=log, environment=environment | settings, working_directory=ROOT)

    def _office_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.office_port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def happened(self) -> list[Happened]:
        """Everything that the camera has shown to anybody so far, in order."""
        found: list[Happened] = []
        for starts_s, end_s in _sessions(self.camera_log):
            for start_s in starts_s:
                for act in (act for act in self.clip.acts() if act.rule == RULE):
                    at_s = start_s + act.frame_index / WORLD.fps
                    if at_s <= min(end_s, time.time()):
                        found.append(Happened(act, at_s, starts_s[0], end_s))
        return sorted(found, key=lambda one: one.at_s)

    def taken(self) -> list[Taken]:
        """Every submission that became (part of) a case, with what its picture shows."""
        eyes, client = Eyes(self.clip), self._store().client()
        with self.database.reading() as session:
            rows = session.scalars(select(SubmissionRow).where(SubmissionRow.state == "case")).all()
        found = []
        for row in rows:
            message = Submission.model_validate_json(row.message)
            if message.rule != RULE:
                continue
            picture = next(one for one in message.objects if one.name == "b_at.jpg")
            with client.get_object(BUCKET, picture.key, version_id=picture.version_id) as answer:
                point_px = (message.point_px16[0] / 16, message.point_px16[1] / 16)
                act = eyes.find_act(answer.data, message.rule, point_px)
            assert row.case_id is not None
            found.append(Taken(row.id, row.case_id, act, message.occurred_at_us / 1_000_000))
        return found

    def counts(self) -> dict[str, int]:
        """Submissions by state, and cases."""
        with self.database.reading() as session:
            states = session.scalars(select(SubmissionRow.state)).all()
            cases = len(session.scalars(select(CaseRow.id)).all())
        return {state: states.count(state) for state in set(states)} | {"cases": cases}


def _sessions(log: Path) -> list[tuple[list[float], float]]:
    """(starts of each round, end) of every session that played; an open one ends in the future."""
    starts: dict[str, list[float]] = {}
    ends: dict[str, float] = {}
    for line in _COLOURS.sub("", log.read_text(errors="replace")).splitlines():
        found = _STAMP.match(line)
        if found is None:
            continue
        at_s = datetime.strptime(found.group(1), "%Y-%m-%d %H:%M:%S.%f").astimezone().timestamp()
        if "stream loop start" in line:
            starts.setdefault(found.group(2), []).append(at_s)
        elif "disconnected" in line:
            ends[found.group(2)] = at_s
    return [(rounds, ends.get(session, float("inf"))) for session, rounds in starts.items()]
