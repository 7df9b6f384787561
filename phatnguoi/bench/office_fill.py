"""Fills an office's tables with a past of many cases, each one known by its place."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert

from api.database import Database
from api.people.passwords import hash_password
from models.domain.cases import CaseState
from models.tables import (
    AuditRow,
    Base,
    CameraRow,
    CaseRow,
    CounterRow,
    EvidenceRow,
    IncidentRow,
    ManifestRow,
    PersonRow,
    SubmissionRow,
)
from phatnguoi.bench.office_manifest import TEMPLATE_ID, manifest_text

AGENCIES = ("Đội CSGT số 1", "Đội CSGT số 2", "Đội CSGT số 3")
CAMERAS = 24
GROUPS_AN_AGENCY = 4
PAST = timedelta(days=300)
YEAR = timedelta(days=365)
CHUNK = 1000
PASSWORD = secrets.token_urlsafe(24)
"""Of accounts that live as long as the measurement."""
SHARES: tuple[tuple[int, CaseState], ...] = (
    (100, "new"), (110, "contested"), (130, "confirmed"), (650, "notice_issued"), (930, "rejected"),
    (970, "withdrawn"), (1000, "expired"),
)  # fmt: skip
"""Of each thousand: up to the first number, the state."""
RULES = ("red_light", "wrong_way", "bus_lane", "solid_line", "illegal_parking", "forbidden_turn", "stop_line", "u_turn")
FILES = ("a_before.jpg", "b_at.jpg", "c_beyond.jpg", "camera.json", "citizen.jpg", "clip.mp4", "manifest.json",
         "manifest_dsse.json", "scene.jsonl", "vehicle.jpg")  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """What the case at one place is: the generator checks the pages against it."""

    place: int
    of: int
    now: datetime

    @property
    def id(self) -> str:
        return f"{self.place:026d}"

    @property
    def number(self) -> str:
        return f"{self.now.year}-{self.place:06d}"

    @property
    def camera(self) -> int:
        return self._draw("camera") % CAMERAS

    @property
    def state(self) -> CaseState:
        drawn = self._draw("state") % 1000
        return next(state for limit, state in SHARES if drawn < limit)

    @property
    def rule(self) -> str:
        return RULES[self._draw("rule") % len(RULES)]

    @property
    def plate(self) -> str | None:
        if self.state in ("new", "rejected"):
            return None
        return f"75A{self._draw('plate') % 100_000:05d}"

    @property
    def occurred_at(self) -> datetime:
        return self.now - PAST + PAST * self.place / (self.of + 1)

    @property
    def claim(self) -> str:
        digest = hashlib.sha256(f"claim {self.place}".encode()).digest()
        return base64.b32encode(digest).decode().lower()[:26]

    def _draw(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{what} {self.place}".encode()).digest()[:6], "big")


def camera_id(number: int) -> str:
    return f"bench-{number:02d}"


def agency_of(camera: int) -> str:
    return AGENCIES[camera % len(AGENCIES)]


def group_of(camera: int) -> str:
    return f"nhóm {camera // len(AGENCIES) % GROUPS_AN_AGENCY + 1}"


def planned(of: int, now: datetime) -> Iterator[PlannedCase]:
    return (PlannedCase(place, of, now) for place in range(1, of + 1))


def fill(database: Database, count: int, now: datetime) -> None:
    """`count` cases with everything that hangs on each; their manifests differ in the id only."""
    body = manifest_text()
    with database.writing() as session:
        session.execute(insert(CameraRow), [_camera(number, now) for number in range(CAMERAS)])
        session.add(CounterRow(name="case", value=count))
    chunk: list[PlannedCase] = []
    for case in planned(count, now):
        chunk.append(case)
        if len(chunk) == CHUNK or case.place == count:
            _insert(database, chunk, body)
            chunk = []
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def add_people(database: Database, now: datetime, count: int) -> list[tuple[str, PersonRow]]:
    """Reviewers, supervisors and auditors of every scope there is; the names that they sign in with."""
    password_hash = hash_password(PASSWORD)
    people = []
    for number in range(count):
        role = ("reviewer", "reviewer", "supervisor", "auditor")[number % 4]
        agency = None if number % 3 == 0 else AGENCIES[number % len(AGENCIES)]
        groups = [group_of(3 * (number % GROUPS_AN_AGENCY))] if number % 3 == 2 else None
        row = PersonRow(
            id=f"{number:026d}", username=f"bench-{number}", password_hash=password_hash, roles=[role], agency=agency,
            camera_groups=groups if agency else None, created_at=now,
        )  # fmt: skip
        people.append((row.username, row))
    with database.writing() as session:
        session.add_all(row for _, row in people)
    return people


def _insert(database: Database, cases: list[PlannedCase], body: str) -> None:
    rows: dict[type[Base], list[dict[str, Any]]] = {
        IncidentRow: [_incident(case) for case in cases],
        CaseRow: [_case(case) for case in cases],
        SubmissionRow: [_submission(case) for case in cases],
        ManifestRow: [{"submission_id": case.claim, "body": body.replace(TEMPLATE_ID, case.claim)} for case in cases],
        EvidenceRow: [row for case in cases for row in _evidence(case)],
        AuditRow: [row for case in cases for row in _audit(case)],
    }
    with database.writing() as session:
        for kind, values in rows.items():
            session.execute(insert(cast("Table", kind.__table__)), values)


def _camera(number: int, now: datetime) -> dict[str, Any]:
    return {
        "id": camera_id(number),
        "name": f"Nút giao số {number}",
        "file_sha256": "c" * 64,
        "mode": "live",
        "site_kind": "police_device",
        "agency": agency_of(number),
        "camera_group": group_of(number),
        "unit_telephone": "0234 0 000 000",
        "address": f"Nút giao số {number}",
        "timezone": "Asia/Ho_Chi_Minh",
        "is_simulated": True,
        "created_at": now,
        "updated_at": now,
    }


def _incident(case: PlannedCase) -> dict[str, Any]:
    return {
        "id": case.id,
        "camera_id": camera_id(case.camera),
        "occurred_at": case.occurred_at,
        "point_x_px16": 0,
        "point_y_px16": 0,
        "length_px16": 0,
    }


def _case(case: PlannedCase) -> dict[str, Any]:
    camera, day = _camera(case.camera, case.now), case.occurred_at.astimezone(UTC).date()
    kept = ("agency", "camera_group", "address", "timezone", "site_kind", "mode", "is_simulated")
    return {name: camera[name] for name in kept} | {
        "id": case.id,
        "number": case.number,
        "submission_id": case.claim,
        "incident_id": case.id,
        "state": case.state,
        "camera_id": camera_id(case.camera),
        "camera_file_sha256": "c" * 64,
        "rule": case.rule,
        "act_code": "RED_LIGHT",
        "vehicle": "car",
        "occurred_at": case.occurred_at,
        "offence_day": day,
        "notice_due_on": day + timedelta(days=10),
        "expires_at": case.occurred_at + YEAR,
        "plate": case.plate,
        "vehicle_typed": None if case.plate is None else "car",
        "plate_colour": None if case.plate is None else "white",
        "created_at": case.occurred_at,
        "moved_at": case.occurred_at,
    }


def _submission(case: PlannedCase) -> dict[str, Any]:
    return {
        "id": case.claim,
        "worker": "bench",
        "camera_id": camera_id(case.camera),
        "state": "case",
        "manifest_sha256": "0" * 64,
        "message": json.dumps({"id": case.claim}),
        "case_id": case.id,
        "attempts": 1,
        "next_try_at": case.occurred_at,
        "received_at": case.occurred_at,
        "finished_at": case.occurred_at,
    }


def _evidence(case: PlannedCase) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(FILES):
        yield {
            "id": f"{case.place * 100 + number:026d}",
            "submission_id": case.claim,
            "name": name,
            "key": f"packages/{camera_id(case.camera)}/2026-01-01/{case.claim}/a1/{name}",
            "version_id": "v1",
            "sha256": "0" * 64,
            "length_bytes": 1000,
            "media_type": "application/octet-stream",
            "is_copy_of": None,
        }


def _audit(case: PlannedCase) -> Iterator[dict[str, Any]]:
    steps: list[tuple[str, str, str | None, str]] = [("office", "case_created", None, "new")]
    if case.state != "new":
        steps += [("reviewer", "take", "new", "in_review"), ("reviewer", "decide", "in_review", case.state)]
    for role, what, source, target in steps:
        yield {
            "at": case.occurred_at,
            "role": role,
            "what": what,
            "case_id": case.id,
            "source": source,
            "target": target,
            "details": {},
        }
