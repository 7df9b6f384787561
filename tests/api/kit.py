"""A small office for tests: a clock that is turned by hand, sealed packages in a folder, people who act."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session
from starlette.types import ASGIApp

from api.actor import OFFICE, Actor
from api.cases.intake import Intake
from api.cases.register import add_worker_key
from api.database import migrate
from api.log.sequencer import Sequencer
from api.log.signing_keys import enrol_key
from api.office import Office, open_office
from api.settings import OfficeSettings
from models.domain.cases import CaseState, Role
from models.domain.geometry import PointPx
from models.domain.manifest import Manifest
from models.domain.store import object_key
from models.domain.submission import Submission
from models.domain.violation import claim_id
from models.tables import AcceptanceRow, CameraRow, CaseRow, LoginSessionRow, PersonRow, SubmissionRow, new_id
from models.verify.envelope import MANIFEST_TYPE, sign_envelope
from models.verify.keys import SigningKey, new_key
from tests.api.redactions import put, redact_all

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CAMERA = "hn-ltk-hb"
CAMERA_SHA256 = "c" * 64
WEIGHTS_SHA256 = "d" * 64
BASIS_SHA256 = "e" * 64
AGENCY = "Đội CSGT số 1"
WORKER = "worker-1"
WORKER_SIGNER = new_key()
LOG_SIGNER = new_key()
PEOPLE_KEY = Fernet.generate_key().decode()
PLATE = "75A-123.45"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HandClock:
    """A clock that only a test moves."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> None:
        self.now += by


def settings_for(database_url: str, folder: Path, **changes: Any) -> OfficeSettings:
    (folder / "store" / "packages").mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "database_url": database_url,
        "store": f"folder://{folder / 'store'}",
        "evidence_cache": folder / "cache",
        "job_pause_s": 0.05,
        "log_key": LOG_SIGNER.pem().decode(),
        "people_key": PEOPLE_KEY,
        "second_factor_roles": (),
        "decision_effect_s": 0.0,
        "second_review": False,
    }
    return OfficeSettings(**(values | changes))


@dataclass(frozen=True, slots=True)
class Package:
    """A sealed package as it lies in the store, with the message that announces it."""

    message: Submission
    manifest: Manifest
    root: Path

    def path(self, name: str) -> Path:
        stored = next(each for each in self.message.objects if each.name == name)
        return self.root / stored.key / stored.version_id


def _least(key: str) -> dict[str, bytes]:
    """The files without which nobody confirms; nothing can be seen in them."""
    pictures = {name: name.encode() + key.encode() for name in ("a_before.jpg", "b_at.jpg", "c_beyond.jpg")}
    return {**pictures, "citizen.jpg": b"pixels", "clip.mp4": b"m" * 3000}


def seal(
    root: Path,
    *,
    occurred_at: datetime = START - timedelta(minutes=1),
    point_px16: tuple[int, int] = (4000, 3000),
    pictures: Mapping[str, bytes] | None = None,
    attempt: str = "a1",
    signer: SigningKey | None = WORKER_SIGNER,
    **changes: Any,
) -> Package:
    """Makes a whole, honest package. `changes` go into manifest and message alike."""
    camera_id = str(changes.get("camera_id", CAMERA))
    rule = str(changes.get("rule", "red_light"))
    point = PointPx(point_px16[0] / 16, point_px16[1] / 16)
    key = claim_id(camera_id, rule, CAMERA_SHA256, occurred_at, point)
    contents = dict(pictures or _least(key))
    manifest = _manifest(key, camera_id, rule, occurred_at, point_px16, contents, changes)
    contents["manifest.json"] = manifest.canonical()
    if signer is not None:
        contents["manifest_dsse.json"] = sign_envelope(signer, manifest.canonical(), MANIFEST_TYPE)
    day = f"{occurred_at:%Y-%m-%d}"
    objects = tuple(put(root, object_key(camera_id, day, key, attempt, name), body) for name, body in contents.items())
    x, y = point_px16
    message = Submission(
        id=key,
        camera_id=camera_id,
        site_kind=manifest.camera.site_kind,
        rule=rule,
        act_code=manifest.act_code,
        vehicle=manifest.vehicle,
        is_simulated=manifest.is_simulated,
        occurred_at_us=manifest.occurred_at_us,
        point_px16=point_px16,
        box_px16=(x - 300, y - 900, x + 300, y),
        mode=changes.get("mode", "live"),
        manifest_sha256=hashlib.sha256(contents["manifest.json"]).hexdigest(),
        objects=objects,
    )
    return Package(message, manifest, root)


def _manifest(
    key: str,
    camera_id: str,
    rule: str,
    occurred_at: datetime,
    point_px16: tuple[int, int],
    contents: Mapping[str, bytes],
    changes: Mapping[str, Any],
) -> Manifest:
    occurred_at_us = (occurred_at - EPOCH) // timedelta(microseconds=1)
    x, y = point_px16
    moments = [
        {
            "name": name,
            "frame_index": 10 * number,
            "pts_us": 400_000 * number,
            "captured_at_us": occurred_at_us,
            "box_px16": (x - 300, y - 900, x + 300, y),
        }
        for number, name in enumerate(("before", "at", "beyond"))
    ]
    files = [
        {
            "name": name,
            "media_type": "image/jpeg",
            "sha256": hashlib.sha256(body).hexdigest(),
            "length_bytes": len(body),
        }
        for name, body in contents.items()
    ]
    return Manifest.model_validate(
        {
            "id": key,
            "rule": rule,
            "act_code": changes.get("act_code", "RED_LIGHT"),
            "is_simulated": changes.get("is_simulated", False),
            "vehicle": changes.get("vehicle", "motorcycle"),
            "track_id": changes.get("track_id", 7),
            "frame_index": 10,
            "occurred_at_us": occurred_at_us,
            "occurred_at_local": occurred_at.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).isoformat(
                timespec="milliseconds"
            ),
            "point_px16": point_px16,
            "measurements": {"time_into_red_us": 1_500_000, "uncertainty_us": 90_000},
            "camera": {
                "id": camera_id,
                "name": "Lý Thường Kiệt – Hàng Bài",
                "file_sha256": CAMERA_SHA256,
                "site_kind": "police_device",
                "address": "Lý Thường Kiệt",
                "agency": AGENCY,
                "timezone": "Asia/Ho_Chi_Minh",
                "frame_width_px": 640,
                "frame_height_px": 480,
            },
            "clock": {
                "source": "rtcp",
                "uncertainty_us": 20_000,
                "camera_offset_us": 0,
                "camera_offset_age_us": 0,
                "ntp_offset_us": None,
                "ntp_offset_age_us": None,
            },
            "signal": None,
            "moments": moments,
            "clip": None,
            "software": {
                "version": "0.1.0",
                "revision": "test",
                "rule_version": 1,
                "rule_settings": {},
                "weights_name": "none",
                "weights_sha256": WEIGHTS_SHA256,
                "packages": {},
                "rule_basis_sha256": BASIS_SHA256,
            },
            "files": files,
            "plate": changes.get("plate"),
        }
    )


@dataclass(frozen=True, slots=True)
class SmallOffice:
    """A migrated office with one camera, one worker and a few people."""

    office: Office
    clock: HandClock
    folder: Path
    worker_key: str

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def person(self, *roles: Role, agency: str | None = None, camera_groups: frozenset[str] | None = None) -> Actor:
        """A new person with a session that lives for years: tests turn the clock."""
        now = self.clock.now
        person_id, session_id = new_id(now), new_id(now)
        with self.office.database.writing() as session:
            session.add(
                PersonRow(
                    id=person_id,
                    username=f"p-{person_id}",
                    password_hash="-",
                    roles=sorted(roles),
                    agency=agency,
                    camera_groups=None if camera_groups is None else sorted(camera_groups),
                    created_at=now,
                )
            )
            session.flush()
            session.add(
                LoginSessionRow(
                    id=session_id,
                    token_sha256=session_id.rjust(64, "0"),
                    csrf_token="-",
                    person_id=person_id,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + timedelta(days=4000),
                )
            )
        return Actor(frozenset(roles), person_id, agency, session_id, camera_groups)

    def seal(self, **changes: Any) -> Package:
        return seal(self.store, **changes)

    def submit(self, package: Package) -> str:
        return self.office.submissions.receive(WORKER, package.message).submission_id

    def verify(self) -> int:
        """Runs the verification job until nothing is due."""
        intake = Intake(self.office.database, self.office.files.reader, self.office.settings, self.clock)
        steps = 0
        while intake.step():
            steps += 1
        return steps

    def sequence(self) -> None:
        """Gives every waiting entry of the log its number."""
        sequencer = Sequencer(self.office.database, self.office.signer, self.clock)
        while sequencer.step():
            pass

    def redact(self) -> int:
        """The worker does what it is asked."""
        return redact_all(self.office, self.store, WORKER, WORKER_SIGNER)

    def new_case(self, **changes: Any) -> str:
        """A case in state `new`, made the honest way; its worker has redacted its pictures."""
        case_id = self.unredacted_case(**changes)
        self.redact()
        return case_id

    def unredacted_case(self, **changes: Any) -> str:
        """The same before the worker has redacted anything."""
        submission_id = self.submit(self.seal(**changes))
        self.verify()
        answer = self.office.submissions.answer(WORKER, submission_id)
        assert answer.case_id is not None, answer
        return answer.case_id

    def confirmed_case(self, reviewer: Actor, **changes: Any) -> str:
        case_id = self.new_case(**changes)
        self.confirm(reviewer, case_id)
        return case_id

    def confirm(self, reviewer: Actor, case_id: str) -> None:
        self.office.reviews.take(reviewer, case_id)
        self.office.reviews.confirm(reviewer, case_id, plate="75-B1 123.45", vehicle="motorcycle", plate_colour="white")

    def set_state(self, case_id: str, state: CaseState, holder: Actor | None = None) -> None:
        """Puts a case into a state by force, for tests about what may follow."""
        with self.office.database.writing() as session:
            case = session.get_one(CaseRow, case_id)
            case.state = state
            case.plate, case.vehicle_typed, case.plate_colour = "75B112345", "motorcycle", "white"
            case.assigned_to = holder.person_id if holder else None
            case.lease_until = self.clock.now + timedelta(minutes=10) if holder else None

    def state(self, case_id: str) -> str:
        with self.office.database.reading() as session:
            return session.get_one(CaseRow, case_id).state

    def submission(self, submission_id: str) -> SubmissionRow:
        with self.office.database.reading() as session:
            return session.get_one(SubmissionRow, submission_id)


def small_office(database_url: str, folder: Path, **changes: Any) -> SmallOffice:
    """Opens and migrates; registers camera and worker."""
    clock = HandClock()
    office = open_office(settings_for(database_url, folder, **changes), clock)
    migrate(office.database)
    with office.database.writing() as session:
        session.add(camera_row(clock.now))
        accept(session, clock.now)
        key = add_worker_key(session, clock.now, OFFICE, WORKER)
        enrol_key(session, clock.now, OFFICE, WORKER, WORKER_SIGNER.public)
    return SmallOffice(office, clock, folder, key)


def accept(session: Session, now: datetime, camera_id: str = CAMERA) -> None:
    """Two persons accepted the rules of `seal` on this camera, long ago."""
    people = [
        PersonRow(id=new_id(now), username=f"engineer-{n}-{camera_id}", password_hash="-", roles=[], created_at=now)
        for n in (1, 2)
    ]
    session.add_all(people)
    session.flush()
    for rule in ("red_light", "wrong_way"):
        session.add(
            AcceptanceRow(
                id=new_id(now),
                camera_id=camera_id,
                rule=rule,
                rule_version=1,
                weights_sha256=WEIGHTS_SHA256,
                rule_basis_sha256=BASIS_SHA256,
                confirmed=30,
                wrong=0,
                other=0,
                first_person_id=people[0].id,
                second_person_id=people[1].id,
                accepted_at=now,
            )
        )


def camera_row(now: datetime, **changes: Any) -> CameraRow:
    values: dict[str, Any] = {
        "id": CAMERA,
        "name": "Lý Thường Kiệt – Hàng Bài",
        "file_sha256": CAMERA_SHA256,
        "mode": "live",
        "site_kind": "police_device",
        "agency": AGENCY,
        "unit_telephone": "0234 000 000",
        "address": "Lý Thường Kiệt",
        "timezone": "Asia/Ho_Chi_Minh",
        "is_simulated": False,
        "created_at": now,
        "updated_at": now,
    }
    return CameraRow(**(values | changes))


def bend(package: Package, **changes: Any) -> Package:
    """The same package, announced by a message that says something else."""
    return replace(package, message=package.message.model_copy(update=changes))


class Web:
    """The office over HTTP without a network: each request goes straight into the application."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self.headers = dict(headers or {})

    def request(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        headers = {**self.headers, **arguments.pop("headers", {})}

        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://office") as client:
                return await client.request(method, url, headers=headers, **arguments)

        return asyncio.run(run())

    def get(self, url: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", url, **arguments)

    def post(self, url: str, **arguments: Any) -> httpx.Response:
        return self.request("POST", url, **arguments)
