"""The world of the simulated year: cameras of a stated precision, claims with a truth, people who err at a stated rate.

Every number here is an assumption, not a measurement; the kept result repeats them.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.actor import Actor
from api.cases.intake import limitation_end
from models.domain.cases import Role
from models.domain.derived import DERIVED_NAME
from models.tables import (
    CameraRow,
    CaseRow,
    EvidenceRow,
    IncidentRow,
    LoginSessionRow,
    ManifestRow,
    PersonRow,
    SubmissionRow,
    new_id,
)
from phatnguoi.bench.office_manifest import manifest_text

ZONE = "Asia/Ho_Chi_Minh"
BEGIN = datetime(2027, 1, 3, 17, 0, tzinfo=UTC)
"""Monday, 4 January 2027, 0 h in Huế."""
CLAIMS: tuple[tuple[str, str, float], ...] = (
    ("red_light", "RED_LIGHT", 0.97), ("wrong_way", "WRONG_WAY", 0.95), ("illegal_parking", "PARK_FORBIDDEN", 0.93),
    ("red_light", "RED_LIGHT", 0.99), ("wrong_lane", "WRONG_LANE", 0.94),
)  # fmt: skip
"""Of each camera: its rule, the act, and how many of its claims are true."""
NOBODYS = "-"
PLATE_ERRORS = 5
"""A plate that is mistyped becomes one of so many: two persons who both err may err alike."""


@dataclass(frozen=True, slots=True)
class Model:
    """How people err and work.

    Attributes:
        says_yes_wrongly: to a claim that is not true.
        says_no_wrongly: to one that is.
        mistypes: the plate of a claim that they say yes to.
        median_s, spread: of the time for a case (lognormal).
        closed_days: from this day of the year on, for so many days, nobody works (Tết); nobody works on Sundays.
    """

    says_yes_wrongly: float = 0.03
    says_no_wrongly: float = 0.03
    mistypes: float = 0.01
    median_s: float = 90.0
    spread: float = 0.5
    hours_a_day: float = 7.0
    closed_days: tuple[int, int] = (28, 7)
    cameras: tuple[tuple[str, str, float], ...] = CLAIMS

    def stated(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Truth:
    is_violation: bool
    plate: str


def add_people(session: Session, now: datetime, roles: tuple[tuple[Role, ...], ...]) -> list[Actor]:
    """People with sessions that outlive the year."""
    actors = []
    for number, held in enumerate(roles):
        person_id, session_id = new_id(now), new_id(now)
        session.add(
            PersonRow(
                id=person_id, username=f"person-{number}", password_hash=NOBODYS, roles=sorted(held), created_at=now
            )
        )
        session.flush()
        session.add(
            LoginSessionRow(
                id=session_id,
                token_sha256=session_id.rjust(64, "0"),
                csrf_token=NOBODYS,
                person_id=person_id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(days=4000),
            )
        )
        actors.append(Actor(frozenset(held), person_id, None, session_id))
    return actors


def add_cameras(session: Session, now: datetime, model: Model) -> None:
    for number, (rule, _, _) in enumerate(model.cameras):
        session.add(
            CameraRow(
                id=f"year-{number:02d}",
                name=f"{rule} {number}",
                file_sha256="0" * 64,
                mode="live",
                site_kind="police_device",
                agency="Đội CSGT số 1",
                unit_telephone="0234 000 000",
                address=f"Nút giao số {number}",
                timezone=ZONE,
                is_simulated=False,
                created_at=now,
                updated_at=now,
            )
        )


def add_claim(session: Session, now: datetime, number: int, model: Model, dice: random.Random) -> tuple[str, Truth]:
    """One verified claim of a camera, as the intake leaves it, with its redacted pictures; its case and its truth."""
    camera_number = dice.randrange(len(model.cameras))
    rule, act_code, precision = model.cameras[camera_number]
    claim, case_id, incident_id = f"{number:026d}", new_id(now), new_id(now)
    camera_id = f"year-{camera_number:02d}"
    day = now.astimezone(ZoneInfo(ZONE)).date()
    session.add(
        IncidentRow(id=incident_id, camera_id=camera_id, occurred_at=now, point_x_px16=0, point_y_px16=0, length_px16=1)
    )
    session.add(_submission(now, claim, camera_id))
    session.flush()
    case = CaseRow(
        id=case_id,
        number=f"{day.year}-y{number:06d}",
        submission_id=claim,
        incident_id=incident_id,
        state="new",
        camera_id=camera_id,
        camera_file_sha256="0" * 64,
        agency="Đội CSGT số 1",
        address=f"Nút giao số {camera_number}",
        timezone=ZONE,
        site_kind="police_device",
        rule=rule,
        act_code=act_code,
        vehicle="car",
        mode="live",
        is_simulated=False,
        occurred_at=now,
        offence_day=day,
        notice_due_on=day + timedelta(days=10),
        expires_at=limitation_end(now, ZONE),
        created_at=now,
        moved_at=now,
    )
    session.add(case)
    session.flush()
    session.get_one(SubmissionRow, claim).case_id = case_id
    session.add(ManifestRow(submission_id=claim, body=manifest_text()))
    session.add(_redacted(now, claim))
    plate = f"75A{dice.randrange(10_000, 100_000)}"
    return case_id, Truth(dice.random() < precision, plate)


def _submission(now: datetime, claim: str, camera_id: str) -> SubmissionRow:
    return SubmissionRow(
        id=claim,
        worker="year",
        camera_id=camera_id,
        state="case",
        manifest_sha256="0" * 64,
        message="{}",
        next_try_at=now,
        received_at=now,
        finished_at=now,
    )


def _redacted(now: datetime, claim: str) -> EvidenceRow:
    return EvidenceRow(
        id=new_id(now),
        submission_id=claim,
        name=DERIVED_NAME,
        key=f"year/{claim}",
        version_id="1",
        sha256="0" * 64,
        length_bytes=1,
        media_type="application/json",
    )


def typed_plate(truth: Truth, model: Model, dice: random.Random) -> str:
    """What a person types: the plate, or now and then one of a few that look like it."""
    if dice.random() >= model.mistypes:
        return truth.plate
    wrong = (int(truth.plate[3:]) - 10_000 + 1 + dice.randrange(PLATE_ERRORS)) % 90_000 + 10_000
    return f"75A{wrong}"
